using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Ivy.Net.Tests;

/// <summary>The public surface of the library as text that reads like C#, in an order that only a change of the API changes.</summary>
internal static class PublicApiText
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    public static string Write(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        foreach (var type in types.OrderBy(static t => t.FullName, StringComparer.Ordinal))
        {
            text.Append(ApiNames.Attributes(type.CustomAttributes, type)).Append(Header(type)).Append('\n');
            foreach (var line in Members(type))
            {
                text.Append("    ").Append(line).Append('\n');
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Header(Type type)
    {
        var name = $"{type.Namespace}.{ApiNames.Of(type)}";
        if (type.IsSubclassOf(typeof(Delegate)))
        {
            var invoke = type.GetMethod("Invoke")!;
            return $"public delegate {ApiNames.Returned(invoke)} {name}({ApiNames.Parameters(invoke)})";
        }

        var inherited = (type.BaseType?.GetInterfaces() ?? []).Concat(type.GetInterfaces().SelectMany(static i => i.GetInterfaces()));
        var bases = type.GetInterfaces().Where(static i => i.IsPublic).Except(inherited).Select(ApiNames.Of).Order(StringComparer.Ordinal).ToList();
        if (type.IsEnum)
        {
            bases = [ApiNames.Of(Enum.GetUnderlyingType(type))];
        }
        else if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
        {
            bases.Insert(0, ApiNames.Of(parent));
        }

        return $"public {Kind(type)} {name}{(bases.Count > 0 ? " : " : "")}{string.Join(", ", bases)}{ApiNames.Constraints(type.GetGenericArguments())}";
    }

    private static string Kind(Type type)
    {
        var record = type.GetMethod("PrintMembers", Declared) is null ? "" : "record ";
        return type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => (Has<IsReadOnlyAttribute>(type) ? "readonly " : "") + (type.IsByRefLike ? "ref " : "") + record + "struct",
            _ => (type.IsAbstract ? type.IsSealed ? "static " : "abstract " : type.IsSealed ? "sealed " : "") + record + "class",
        };
    }

    private static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
        {
            // By value; names of one value by name.
            return Enum.GetNames(type).OrderBy(static name => name, StringComparer.Ordinal)
                .Select(name => (name, value: Convert.ToInt64(Enum.Parse(type, name)))).OrderBy(static m => m.value)
                .Select(static m => $"{m.name} = {m.value}");
        }

        return type.IsSubclassOf(typeof(Delegate)) ? [] : type.GetMembers(Declared)
            .Where(static m => !Has<CompilerGeneratedAttribute>(m))
            .Select(member => (line: Line(member, type), kind: Array.IndexOf(Order, member.MemberType), member.Name))
            .Where(static m => m.line is not null)
            .OrderBy(static m => m.kind).ThenBy(static m => m.Name, StringComparer.Ordinal).ThenBy(static m => m.line, StringComparer.Ordinal)
            .Select(static m => m.line!);
    }

    private static readonly MemberTypes[] Order =
        [MemberTypes.Field, MemberTypes.Constructor, MemberTypes.Property, MemberTypes.Event, MemberTypes.Method];

    private static string? Line(MemberInfo member, Type type)
    {
        var line = member switch
        {
            FieldInfo { IsSpecialName: false } field when field.IsPublic || (field.IsFamily && !type.IsSealed) =>
                $"{(field.IsPublic ? "public " : "protected ")}{FieldKind(field)}{ApiNames.Typed(field)}{Constant(field)}",
            ConstructorInfo { IsStatic: false } made when Sees(made, type) =>
                $"{Modifiers(made)}{ApiNames.Of(type).Split('<')[0]}({ApiNames.Parameters(made)})",
            PropertyInfo property when property.GetAccessors(nonPublic: true).Any(a => Sees(a, type)) => Property(property, type),
            EventInfo happening when Sees(happening.AddMethod!, type) =>
                $"{Modifiers(happening.AddMethod!)}event {ApiNames.Of(happening.EventHandlerType!)} {happening.Name}",
            MethodInfo method when Sees(method, type) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
                $"{Modifiers(method)}{ApiNames.Returned(method)} {method.Name}{ApiNames.Arguments(method.GetGenericArguments())}"
                + $"({ApiNames.Parameters(method)}){ApiNames.Constraints(method.GetGenericArguments())}",
            _ => null,
        };
        return line is null ? null : ApiNames.Attributes(member.CustomAttributes, member) + line;
    }

    private static string Property(PropertyInfo property, Type type)
    {
        var accessors = property.GetAccessors(nonPublic: true);
        var widest = Array.Find(accessors, static a => a.IsPublic) ?? accessors[0];
        var required = Has<RequiredMemberAttribute>(property) ? "required " : "";
        var index = property.GetIndexParameters() is { Length: > 0 } parameters ? $"this[{ApiNames.Parameters(parameters)}]" : null;

        var body = string.Concat(accessors.Where(a => Sees(a, type)).Select(accessor =>
        {
            var kind = accessor == property.GetMethod ? "get"
                : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";
            return $"{(accessor.IsPublic == widest.IsPublic ? "" : "protected ")}{kind}; ";
        }));
        return $"{Modifiers(widest)}{required}{ApiNames.Typed(property, index)} {{ {body}}}{Default(property, type)}";
    }

    // What an options class is made with is as much of a promise as its members.
    private static string Default(PropertyInfo property, Type type)
    {
        if (!type.Name.EndsWith("Options", StringComparison.Ordinal) || type.GetConstructor(Type.EmptyTypes) is not { } constructor || property.GetMethod is not { IsStatic: false } get || get.GetParameters().Length > 0)
        {
            return "";
        }

        var value = get.Invoke(constructor.Invoke(null), null);
        return value is null or string or Enum or ValueType ? $" = {ApiNames.Literal(value, property.PropertyType)}" : "";
    }

    private static string FieldKind(FieldInfo field) => field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");

    private static string Constant(FieldInfo field) => field.IsLiteral ? $" = {ApiNames.Literal(field.GetRawConstantValue(), field.FieldType)}" : "";

    private static bool Sees(MethodBase method, Type type) => method.IsPublic || ((method.IsFamily || method.IsFamilyOrAssembly) && !type.IsSealed);

    private static string Modifiers(MethodBase method)
    {
        var access = method.IsPublic ? "public " : "protected ";
        if (method.IsStatic || method.DeclaringType!.IsInterface || method is not MethodInfo info)
        {
            return access + (method.IsStatic ? "static " : "");
        }

        var overrides = info.GetBaseDefinition() != info;
        return access + (method.IsAbstract ? overrides ? "abstract override " : "abstract "
            : overrides ? method.IsFinal ? "sealed override " : "override "
            : method.IsVirtual && !method.IsFinal ? "virtual " : "");
    }

    private static bool Has<T>(MemberInfo member)
        where T : Attribute => member.IsDefined(typeof(T), inherit: false);
}
