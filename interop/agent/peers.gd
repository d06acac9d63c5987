extends Object
## WebSocketMultiplayerPeers, as a command describes them.

const TLS := preload("res://tls.gd")


static func make(about: Dictionary) -> WebSocketMultiplayerPeer:
	var peer := WebSocketMultiplayerPeer.new()
	peer.supported_protocols = PackedStringArray(about.protocols)
	return peer


## Listens at a free port, and returns it; 0 if it failed.
static func serve(peer: WebSocketMultiplayerPeer, about: Dictionary) -> int:
	var tls: TLSOptions = TLS.server() if about.tls else null
	# The peer does not report its port, so a free one is chosen first.
	for attempt in 10:
		var port := _free_port()
		if peer.create_server(port, "127.0.0.1", tls) == OK:
			return port
	return 0


static func join(peer: WebSocketMultiplayerPeer, about: Dictionary) -> int:
	return peer.create_client(about.url, TLS.client() if about.tls else null)


static func _free_port() -> int:
	var server := TCPServer.new()
	server.listen(0, "127.0.0.1")
	var port := server.get_local_port()
	server.stop()
	return port
