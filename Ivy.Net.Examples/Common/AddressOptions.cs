// The options --host and --port, checked before the example runs.

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;

namespace Ivy.Net.Examples;

internal sealed class AddressOptions
{
    private readonly Option<IPAddress> _host;
    private readonly Option<int> _port;

    public AddressOptions(Command command, int defaultPort)
    {
        _host = new Option<IPAddress>("--host")
        {
            Description = "The IPv4 or IPv6 address.",
            HelpName = "A",
            CustomParser = ParseHost,
            DefaultValueFactory = static _ => IPAddress.Loopback,
        };
        _port = new Option<int>("--port")
        {
            Description = "The port; a server takes any free one for 0.",
            HelpName = "N",
            CustomParser = ParsePort,
            DefaultValueFactory = _ => defaultPort,
        };
        command.Options.Add(_host);
        command.Options.Add(_port);
    }

    public IPEndPoint Of(ParseResult result) => new(result.GetValue(_host)!, result.GetValue(_port));

    // A port of its own would be read too: there is an option for it, so only what a port can be added to is an address.
    private static IPAddress? ParseHost(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (IvEndPoint.TryParse(text, 1, out EndPoint? endPoint) && endPoint is IPEndPoint { Port: 1 } ip)
        {
            return ip.Address;
        }

        result.AddError($"--host {text}: not an address. Give one such as 127.0.0.1, 0.0.0.0 or ::1; names are not looked up.");
        return null;
    }

    private static int ParsePort(ArgumentResult result)
    {
        string text = result.Tokens[0].Value;
        if (int.TryParse(text, out int port) && port is >= IPEndPoint.MinPort and <= IPEndPoint.MaxPort)
        {
            return port;
        }

        result.AddError($"--port {text}: not a port. Give a number from 1 to 65535, or 0 for any free one.");
        return 0;
    }
}
