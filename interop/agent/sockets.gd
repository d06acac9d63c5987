extends Node
## Plain WebSocketPeers, each with a name that the test program gave it, polled once a frame.

const TLS := preload("res://tls.gd")

var _peers := {}
var _listeners := {}

@onready var _agent := get_parent()


func reset() -> void:
	_peers.clear()
	_listeners.clear()


func do_ws_connect(about: Dictionary) -> int:
	var peer := _add(about)
	return peer.socket.connect_to_url(about.url, TLS.client() if about.tls else null)


## Listens for one connection, and returns the port.
func do_ws_listen(about: Dictionary) -> int:
	var server := TCPServer.new()
	if server.listen(0, "127.0.0.1") != OK:
		return 0
	_listeners[about.name] = {"server": server, "about": about}
	return server.get_local_port()


func do_ws_send(about: Dictionary) -> int:
	return _socket(about).send(about.hex.hex_decode())


func do_ws_send_text(about: Dictionary) -> int:
	return _socket(about).send_text(about.text)


func do_ws_put_var(about: Dictionary) -> int:
	return _socket(about).put_var(str_to_var(about.text))


func do_ws_close(about: Dictionary) -> bool:
	_socket(about).close(int(about.code), about.reason)
	return true


## Reports received packets as values from now on.
func do_ws_read_vars(about: Dictionary) -> bool:
	_peers[about.name].vars = true
	return true


func do_ws_heartbeat(about: Dictionary) -> bool:
	_socket(about).heartbeat_interval = about.seconds
	return true


func _process(_delta: float) -> void:
	for name: String in _listeners.keys():
		var server: TCPServer = _listeners[name].server
		if server.is_connection_available():
			_accept(server, _listeners[name].about)
			_listeners.erase(name)
	for name: String in _peers.keys():
		_poll(name, _peers[name])


func _accept(server: TCPServer, about: Dictionary) -> void:
	var stream: StreamPeer = server.take_connection()
	if about.tls:
		var secure := StreamPeerTLS.new()
		assert(secure.accept_stream(stream, TLS.server()) == OK)
		stream = secure
	assert(_add(about).socket.accept_stream(stream) == OK)


func _poll(name: String, peer: Dictionary) -> void:
	var socket: WebSocketPeer = peer.socket
	socket.poll()
	var state := socket.get_ready_state()
	if state == WebSocketPeer.STATE_OPEN:
		if not peer.opened:
			peer.opened = true
			_agent.report("ws_open", {"name": name, "protocol": socket.get_selected_protocol(), "url": socket.get_requested_url()})
		while socket.get_available_packet_count() > 0:
			_receive(name, peer)
	elif state == WebSocketPeer.STATE_CLOSED:
		_peers.erase(name)
		_agent.report("ws_closed", {"name": name, "code": socket.get_close_code(), "reason": socket.get_close_reason()})


func _receive(name: String, peer: Dictionary) -> void:
	var socket: WebSocketPeer = peer.socket
	if peer.vars:
		_agent.report("ws_var", {"name": name}.merged(_agent.describe(socket.get_var())))
		return
	var packet := socket.get_packet()
	if socket.was_string_packet():
		_agent.report("ws_text", {"name": name, "text": packet.get_string_from_utf8()})
	else:
		_agent.report("ws_binary", {"name": name, "hex": packet.hex_encode()})


func _add(about: Dictionary) -> Dictionary:
	var socket := WebSocketPeer.new()
	socket.supported_protocols = PackedStringArray(about.protocols)
	var peer := {"socket": socket, "opened": false, "vars": false}
	_peers[about.name] = peer
	return peer


func _socket(about: Dictionary) -> WebSocketPeer:
	return _peers[about.name].socket
