using System.Globalization;
using Sluice.Core.Configuration.Schema;
using YamlDotNet.RepresentationModel;

namespace Sluice.Core.Configuration.Reading;

/// <summary>Checks a YAML tree against its shape and turns it into values; whatever is wrong is a finding and leaves a gap.</summary>
internal sealed class ShapeReader(Findings findings, Substitution substitution)
{
    private const string Secret = "(secret)";

    public ConfigValue? Read(YamlNode node, Shape shape, string path) => (node, shape) switch
    {
        _ when IsNothing(node) => null,
        (YamlMappingNode mapping, RecordShape record) => Record(mapping, record, path),
        (YamlMappingNode mapping, MapShape map) => Map(mapping, map, path),
        (YamlSequenceNode sequence, ListShape list) => List(sequence, list, path),
        (YamlScalarNode scalar, not (RecordShape or MapShape or ListShape)) => Scalar(scalar, shape, path),
        _ => Wrong(node, shape, path),
    };

    private static bool IsNothing(YamlNode node) =>
        node is YamlScalarNode { Style: YamlDotNet.Core.ScalarStyle.Plain, Value: null or "" or "~" or "null" };

    private ConfigValue? Wrong(YamlNode node, Shape shape, string path)
    {
        var found = node switch
        {
            YamlMappingNode => "a mapping",
            YamlSequenceNode => "a list",
            _ when HoldsSecret(shape) => Secret,
            YamlScalarNode scalar => Quote(scalar.Value),
            _ => "something else",
        };
        findings.Error(node.Start, path, found, $"allowed: {shape.Allowed}");
        return null;
    }

    private ConfigValue Record(YamlMappingNode mapping, RecordShape shape, string path)
    {
        var members = new List<KeyValuePair<string, ConfigValue>>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (keyNode, valueNode) in mapping.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            var memberPath = Join(path, key);
            var field = shape.Fields.FirstOrDefault(candidate => candidate.Name == key);
            if (field is null)
            {
                var names = shape.Fields.Select(candidate => candidate.Name).ToList();
                var close = shape.Fields.FirstOrDefault(candidate => candidate.InLiteLlm.Contains(key, StringComparer.Ordinal))?.Name ?? Spelling.Closest(key, names);
                findings.Error(keyNode.Start, memberPath, "an unknown key", (close is null ? "" : $"did you mean {close}? ") + $"allowed: {string.Join(", ", names)}");
                continue;
            }

            seen.Add(key);
            if (Read(valueNode, field.Shape, memberPath) is { } value)
            {
                members.Add(new(key, value));
                if (field.IsNotBuilt && value.Scalar is not ("" or false))
                {
                    findings.Warn($"{Unindexed(memberPath)} is accepted, but nothing acts on it in this version.");
                }
            }
            else if (field.IsRequired && IsNothing(valueNode))
            {
                seen.Remove(key);
            }
        }

        foreach (var field in shape.Fields)
        {
            if (field.IsRequired && !seen.Contains(field.Name))
            {
                findings.Error(mapping.Start, Join(path, field.Name), "nothing", $"it is required: {field.Shape.Allowed}");
            }
        }

        return new ConfigValue(path, (int)mapping.Start.Line, (int)mapping.Start.Column, "a mapping") { Members = members };
    }

    private ConfigValue Map(YamlMappingNode mapping, MapShape shape, string path)
    {
        var members = new List<KeyValuePair<string, ConfigValue>>();
        foreach (var (keyNode, valueNode) in mapping.Children)
        {
            if (keyNode is not YamlScalarNode { Value: { Length: > 0 } key })
            {
                findings.Error(keyNode.Start, path, "no name", $"allowed: {shape.Allowed}");
                continue;
            }

            if (Read(valueNode, shape.Value, $"{path}[\"{key}\"]") is { } value)
            {
                members.Add(new(key, value));
            }
        }

        return new ConfigValue(path, (int)mapping.Start.Line, (int)mapping.Start.Column, "a mapping") { Members = members };
    }

    private ConfigValue List(YamlSequenceNode sequence, ListShape shape, string path)
    {
        var items = new List<ConfigValue>();
        for (var i = 0; i < sequence.Children.Count; i++)
        {
            if (Read(sequence.Children[i], shape.Item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]")) is { } item)
            {
                items.Add(item);
            }
        }

        return new ConfigValue(path, (int)sequence.Start.Line, (int)sequence.Start.Column, "a list") { Items = items };
    }

    private ConfigValue? Scalar(YamlScalarNode node, Shape shape, string path)
    {
        var raw = node.Value ?? "";

        // What a reference stands for may be a secret wherever it stands, so only the reference itself is ever shown.
        var shown = HoldsSecret(shape) || (shape is UrlShape && raw.Contains('@', StringComparison.Ordinal)) ? Secret : Quote(raw);
        var text = substitution.Apply(raw, out var problem);
        if (text is null)
        {
            findings.Error(node.Start, path, raw.Contains("${", StringComparison.Ordinal) && problem!.StartsWith("the ", StringComparison.Ordinal) ? OnlyReferences(raw) : shown, problem!);
            return null;
        }

        object? value = shape switch
        {
            TextShape => text,
            BoolShape => text switch { "true" => true, "false" => false, _ => null },
            IntegerShape range => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= range.Min && number <= range.Max ? number : null,
            UsdShape => Units.Number(text) is { } usd and <= UsdShape.Max ? usd : null,
            DurationShape { TakesOff: true } when text is "off" or "0" => TimeSpan.Zero,
            DurationShape => Units.Duration(text),
            SizeShape => Units.Size(text),
            PercentShape => Units.Percent(text),
            ChoiceShape choice => choice.Words.Contains(text, StringComparer.Ordinal) ? text : null,
            UrlShape => Url(text),
            _ => null,
        };
        if (value is null)
        {
            var close = shape is ChoiceShape words ? Spelling.Closest(text, words.Words) : null;
            findings.Error(node.Start, path, shown, (close is null ? "" : $"did you mean {close}? ") + $"allowed: {shape.Allowed}");
            return null;
        }

        return new ConfigValue(path, (int)node.Start.Line, (int)node.Start.Column, shown) { Scalar = value };
    }

    private static Uri? Url(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
        && url.Host.Length > 0 && url.UserInfo.Length == 0 && url.Query.Length == 0 && url.Fragment.Length == 0
            ? new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/'))
            : null;

    // A default behind ":-" may be a secret that somebody wrote into the file: only names are shown.
    private static string OnlyReferences(string raw)
    {
        var open = raw.IndexOf("${", StringComparison.Ordinal);
        var close = raw.IndexOf('}', open);
        var reference = close < 0 ? raw[open..] : raw[open..(close + 1)];
        var split = reference.IndexOf(":-", StringComparison.Ordinal);
        return Quote(split < 0 ? reference : reference[..split] + ":-…}");
    }

    private static bool HoldsSecret(Shape shape) => shape switch
    {
        TextShape text => text.IsSecret,
        ListShape list => HoldsSecret(list.Item),
        _ => false,
    };

    private static string Quote(string? text) =>
        text is null ? "nothing" : text.Length > 80 ? $"\"{text[..80]}…\"" : $"\"{text}\"";

    private static string Join(string path, string key) => path.Length == 0 ? key : $"{path}.{key}";

    private static string Unindexed(string path)
    {
        var open = path.IndexOf('[', StringComparison.Ordinal);
        var close = path.IndexOf(']', StringComparison.Ordinal);
        return open < 0 || close < open ? path : path[..open] + path[(close + 1)..];
    }
}
