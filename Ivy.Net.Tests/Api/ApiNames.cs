using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Versioning;

namespace Ivy.Net.Tests;

/// <summary>Types, parameters, attributes and values as C# writes them, nullability included.</summary>
internal static class ApiNames
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Dictionary<Type, string> Keywords = new (Type Type, string Keyword)[]
    {
        (typeof(void), "void"), (typeof(object), "object"), (typeof(string), "string"), (typeof(bool), "bool"), (typeof(char), "char"),
        (typeof(byte), "byte"), (typeof(sbyte), "sbyte"), (typeof(short), "short"), (typeof(ushort), "ushort"), (typeof(int), "int"),
        (typeof(uint), "uint"), (typeof(long), "long"), (typeof(ulong), "ulong"), (typeof(nint), "nint"), (typeof(nuint), "nuint"),
        (typeof(float), "float"), (typeof(double), "double"), (typeof(decimal), "decimal"),
    }.ToDictionary(static pair => pair.Type, static pair => pair.Keyword);

    // Those that change what a caller may write, or what the compiler makes of it.
    private static readonly Type[] Telling =
    [
        typeof(FlagsAttribute), typeof(ObsoleteAttribute), typeof(ExperimentalAttribute), typeof(AttributeUsageAttribute),
        typeof(DoesNotReturnAttribute), typeof(DoesNotReturnIfAttribute), typeof(NotNullWhenAttribute), typeof(MaybeNullWhenAttribute),
        typeof(NotNullIfNotNullAttribute), typeof(MemberNotNullAttribute), typeof(MemberNotNullWhenAttribute), typeof(UnscopedRefAttribute),
        typeof(SupportedOSPlatformAttribute), typeof(UnsupportedOSPlatformAttribute), typeof(RequiresUnreferencedCodeAttribute),
        typeof(RequiresDynamicCodeAttribute), typeof(TupleElementNamesAttribute), typeof(System.ComponentModel.EditorBrowsableAttribute),
    ];

    public static string Of(Type type) => Of(type, null);

    public static string Arguments(Type[] arguments) => arguments.Length == 0 ? "" : $"<{string.Join(", ", arguments.Select(Of))}>";

    public static string Typed(FieldInfo field) => $"{Of(field.FieldType, Nullability.Create(field))} {field.Name}";

    public static string Typed(PropertyInfo property, string? name) =>
        $"{ByRef(property.PropertyType, "ref ")}{Of(property.PropertyType, Nullability.Create(property))} {name ?? property.Name}";

    public static string Returned(MethodInfo method) => Attributes(method.ReturnParameter.CustomAttributes, method, "return: ")
        + ByRef(method.ReturnType, method.ReturnParameter.IsDefined(typeof(IsReadOnlyAttribute)) ? "ref readonly " : "ref ")
        + Of(method.ReturnType, Nullability.Create(method.ReturnParameter));

    public static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + Parameters(method.GetParameters());

    public static string Parameters(ParameterInfo[] parameters) => string.Join(", ", parameters.Select(static parameter =>
    {
        var how = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.IsDefined(typeof(RequiresLocationAttribute)) ? "ref readonly " : "ref ";
        return Attributes(parameter.CustomAttributes, parameter)
            + (parameter.IsDefined(typeof(ScopedRefAttribute)) ? "scoped " : "")
            + (parameter.IsDefined(typeof(ParamArrayAttribute)) || parameter.IsDefined(typeof(ParamCollectionAttribute)) ? "params " : "")
            + ByRef(parameter.ParameterType, how)
            + Of(parameter.ParameterType, Nullability.Create(parameter), isInput: !parameter.IsOut)
            + $" {parameter.Name}"
            + (parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue, parameter.ParameterType)}" : "");
    }));

    public static string Constraints(Type[] arguments) => string.Concat(arguments.Select(static argument =>
    {
        var flags = argument.GenericParameterAttributes;
        var isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        List<string> all = [.. argument.GetGenericParameterConstraints().Where(static c => c != typeof(ValueType)).Select(Of)];
        if (isStruct || flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            all.Insert(0, isStruct ? "struct" : "class");
        }

        if (flags.HasFlag(GenericParameterAttributes.AllowByRefLike))
        {
            all.Add("allows ref struct");
        }

        return all.Count == 0 ? "" : $" where {argument.Name} : {string.Join(", ", all)}";
    }));

    public static string Attributes(IEnumerable<CustomAttributeData> attributes, object of, string target = "") => string.Concat(attributes
        .Where(a => Telling.Contains(a.AttributeType) && !(a.AttributeType == typeof(ObsoleteAttribute) && of is Type { IsByRefLike: true }))
        .Select(a =>
        {
            var arguments = a.ConstructorArguments.Select(static v => Value(v))
                .Concat(a.NamedArguments.Select(static v => $"{v.MemberName} = {Value(v.TypedValue)}"));
            var name = a.AttributeType.Name[..^nameof(Attribute).Length];
            return $"[{target}{name}{(arguments.Any() ? $"({string.Join(", ", arguments)})" : "")}] ";
        }).Order(StringComparer.Ordinal));

    public static string Literal(object? value, Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            null => type.IsValueType && plain == type ? "default" : "null",
            string text => $"\"{text}\"",
            bool truth => truth ? "true" : "false",
            _ when plain.IsEnum => $"{Of(plain)}.{Enum.ToObject(plain, value)}",
            IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
            _ => value.ToString()!,
        };
    }

    private static string Value(CustomAttributeTypedArgument argument) => argument.Value is IReadOnlyCollection<CustomAttributeTypedArgument> many
        ? string.Join(", ", many.Select(Value))
        : Literal(argument.Value, argument.ArgumentType);

    private static string ByRef(Type type, string how) => type.IsByRef ? how : "";

    private static string Of(Type type, NullabilityInfo? info, bool isInput = false)
    {
        if (type.IsByRef)
        {
            return Of(type.GetElementType()!, info, isInput);
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Of(value) + "?";
        }

        var state = isInput ? info?.WriteState : info?.ReadState;
        return Plain(type, info) + (state == NullabilityState.Nullable && !type.IsValueType ? "?" : "");
    }

    private static string Plain(Type type, NullabilityInfo? info)
    {
        if (type.HasElementType)
        {
            return Of(type.GetElementType()!, info?.ElementType) + (type.IsArray ? $"[{new string(',', type.GetArrayRank() - 1)}]" : "*");
        }

        if (Keywords.TryGetValue(type, out var keyword))
        {
            return keyword;
        }

        var name = type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{Of(outer)}.{type.Name}" : type.Name;
        var arguments = type.GetGenericArguments();
        var infos = info?.GenericTypeArguments;
        return arguments.Length == 0 || type.IsGenericParameter
            ? name
            : $"{name.Split('`')[0]}<{string.Join(", ", arguments.Select((a, i) => Of(a, i < infos?.Length ? infos[i] : null)))}>";
    }
}
