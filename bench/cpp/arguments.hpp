// The command line of the servers in C++, and the line with their address: the same as in `bench/servers`.

#pragma once

#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

// `HOST:PORT [--max-message BYTES] [--hz N] [--broadcast] [--tls CERTIFICATE KEY]`
struct Arguments {
    std::string host;
    int port = 0;
    // The largest message accepted, in bytes.
    unsigned maxMessage = 64 * 1024;
    // Whether each message goes to every peer instead of only its sender.
    bool broadcast = false;
    // The PEM files of a server with TLS.
    std::string certificate, key;

    Arguments(int count, char **values) {
        for (int index = 1; index < count; index++) {
            auto value = [&] { return ++index < count ? std::string(values[index]) : fail("a value is missing"); };
            std::string argument = values[index];
            if (argument == "--max-message") {
                maxMessage = static_cast<unsigned>(std::stoul(value()));
            } else if (argument == "--hz") {
                // A server that waits for events has no frames.
                value();
            } else if (argument == "--broadcast") {
                broadcast = true;
            } else if (argument == "--tls") {
                certificate = value();
                key = value();
            } else if (auto colon = argument.rfind(':'); host.empty() && colon != std::string::npos) {
                host = argument.substr(0, colon);
                port = std::stoi(argument.substr(colon + 1));
            } else {
                fail("an argument is not known: " + argument);
            }
        }
        if (host.empty()) {
            fail("an address to listen on is missing");
        }
    }

    // Prints the address, which the load waits for.
    void announce(int listeningPort) const {
        std::cout << "Listening on " << (key.empty() ? "ws://" : "wss://") << host << ':' << listeningPort << std::endl;
    }

    [[noreturn]] static std::string fail(std::string_view reason) {
        std::cerr << reason << std::endl;
        std::exit(1);
    }
};
