// An echo server on uWebSockets. Answers are corked by the library: all messages of one read are answered in one write.
// With `--broadcast` each message goes to all subscribers of a topic.

#include <App.h>

#include "arguments.hpp"

#ifdef LIBUS_NO_SSL
constexpr bool TLS = false;
#else
constexpr bool TLS = true;
#endif

constexpr unsigned MAX_BACKPRESSURE = 1u << 30;
constexpr std::string_view EVERYONE = "everyone";

struct Peer {};
using Socket = uWS::WebSocket<TLS, true, Peer>;

int main(int count, char **values) {
    Arguments arguments(count, values);
    uWS::TemplatedApp<TLS> app({
        .key_file_name = arguments.key.c_str(),
        .cert_file_name = arguments.certificate.c_str(),
    });
    bool broadcast = arguments.broadcast;
    app.ws<Peer>("/*", {
        .compression = uWS::DISABLED,
        .maxPayloadLength = arguments.maxMessage,
        .idleTimeout = 0,
        .maxBackpressure = MAX_BACKPRESSURE,
        .sendPingsAutomatically = false,
        .open = [broadcast](Socket *socket) {
            if (broadcast) {
                socket->subscribe(EVERYONE);
            }
        },
        .message = [broadcast, &app](Socket *socket, std::string_view message, uWS::OpCode kind) {
            if (broadcast) {
                app.publish(EVERYONE, message, kind);
            } else {
                socket->send(message, kind);
            }
        },
    });
    app.listen(arguments.host, arguments.port, [&](us_listen_socket_t *listener) {
        if (!listener) {
            Arguments::fail("cannot listen");
        }
        arguments.announce(us_socket_local_port(TLS, reinterpret_cast<us_socket_t *>(listener)));
    });
    app.run();
}
