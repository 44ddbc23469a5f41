using System.Reflection;
using System.Runtime.CompilerServices;

namespace Ivy.Net.Tests;

/// <summary>What a type's page has to speak of: what the type itself brings that derived classes or callers can see.</summary>
internal static class PublicMembers
{
    public const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    // What every value has, and says what it always says.
    private static readonly string[] Universal =
        [nameof(Equals), nameof(GetHashCode), nameof(ToString), nameof(IComparable.CompareTo), "Deconstruct"];

    /// <summary>As documentation names it: without arity, nested types after a dot.</summary>
    public static string NameOf(Type type)
    {
        var name = type.Name.Split('`')[0];
        return type.DeclaringType is { } outer ? $"{NameOf(outer)}.{name}" : name;
    }

    /// <summary>Without overrides, operators, constructors and what the compiler adds to a record.</summary>
    public static IEnumerable<string> Of(Type type) =>
        type.GetMembers(Everything | BindingFlags.DeclaredOnly)
            .Where(static m => m is not (ConstructorInfo or Type) && !m.IsDefined(typeof(CompilerGeneratedAttribute)) && IsOwn(m))
            .Select(static m => m.Name)
            .Except(Universal).Order(StringComparer.Ordinal);

    /// <summary>Whether the type has such a member, inherited ones included.</summary>
    public static bool Has(Type type, string member) =>
        type.GetMember(member, Everything).Any(IsVisible);

    public static bool IsVisible(MemberInfo member) => member switch
    {
        MethodBase method => IsVisible(method),
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsVisible),
        EventInfo happening => IsVisible(happening.AddMethod!),
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        Type type => type.IsNestedPublic,
        _ => false,
    };

    public static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsOwn(MemberInfo member) => member switch
    {
        MethodInfo method => IsVisible(method) && !method.IsSpecialName && method.GetBaseDefinition() == method,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(static a => IsVisible(a) && a.GetBaseDefinition() == a),
        FieldInfo { IsSpecialName: true } => false,
        _ => IsVisible(member),
    };
}
