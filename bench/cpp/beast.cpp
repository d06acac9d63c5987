// An echo server on Boost.Beast: asynchronous, one thread, one read and one write at a time for each connection.

#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "arguments.hpp"

namespace net = boost::asio;
namespace websocket = boost::beast::websocket;
using tcp = net::ip::tcp;
using Error = boost::system::error_code;
// Without the default executor's type erasure.
using Socket = net::basic_stream_socket<tcp, net::io_context::executor_type>;
using Acceptor = net::basic_socket_acceptor<tcp, net::io_context::executor_type>;

// One connection, which lives as long as one of its operations.
class Peer : public std::enable_shared_from_this<Peer> {
public:
    Peer(Socket socket, unsigned maxMessage) : stream(std::move(socket)) {
        stream.next_layer().set_option(tcp::no_delay(true));
        stream.read_message_max(maxMessage);
        stream.auto_fragment(false);
    }

    void accept() {
        stream.async_accept([self = shared_from_this()](Error error) {
            if (!error) {
                self->read();
            }
        });
    }

private:
    void read() {
        stream.async_read(buffer, [self = shared_from_this()](Error error, std::size_t) {
            if (!error) {
                self->write();
            }
        });
    }

    void write() {
        stream.binary(stream.got_binary());
        stream.async_write(buffer.data(), [self = shared_from_this()](Error error, std::size_t written) {
            if (!error) {
                self->buffer.consume(written);
                self->read();
            }
        });
    }

    websocket::stream<Socket, /* permessage-deflate */ false> stream;
    boost::beast::flat_buffer buffer;
};

static void acceptNext(Acceptor &acceptor, unsigned maxMessage) {
    acceptor.async_accept([&acceptor, maxMessage](Error error, Socket socket) {
        if (!error) {
            std::make_shared<Peer>(std::move(socket), maxMessage)->accept();
        }
        acceptNext(acceptor, maxMessage);
    });
}

int main(int count, char **values) {
    Arguments arguments(count, values);
    if (arguments.broadcast) {
        Arguments::fail("this server only echoes");
    }
    net::io_context context(1);
    tcp::endpoint endpoint(net::ip::make_address(arguments.host), static_cast<unsigned short>(arguments.port));
    Acceptor acceptor(context, endpoint);
    arguments.announce(acceptor.local_endpoint().port());
    acceptNext(acceptor, arguments.maxMessage);
    context.run();
}
