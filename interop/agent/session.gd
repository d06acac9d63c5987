extends Node
## The high-level multiplayer of this engine: SceneMultiplayer on a WebSocketMultiplayerPeer.

const Peers := preload("res://peers.gd")

var _api: SceneMultiplayer
## The connection to the server, which has the code and the reason of its end.
var _socket: WebSocketPeer

@onready var _agent := get_parent()


func _ready() -> void:
	_begin()


func reset() -> void:
	_forget_peer()
	_begin()


func do_create_server(about: Dictionary) -> int:
	var peer := Peers.make(about)
	var port := Peers.serve(peer, about)
	if port != 0:
		_api.multiplayer_peer = peer
	return port


func do_create_client(about: Dictionary) -> int:
	var peer := Peers.make(about)
	var error := Peers.join(peer, about)
	if error == OK:
		_api.multiplayer_peer = peer
	return error


## Drops the connections, as a game does when it returns to its menu.
func do_close(_about: Dictionary) -> bool:
	_api.multiplayer_peer.close()
	return true


## Keeps the connection to the server, so that its end can be asked for.
func do_keep_socket(_about: Dictionary) -> bool:
	_socket = _api.multiplayer_peer.get_peer(1)
	return true


func do_socket_end(_about: Dictionary) -> Dictionary:
	return {"code": _socket.get_close_code(), "reason": _socket.get_close_reason()}


func do_status(_about: Dictionary) -> Dictionary:
	var peers := Array(_api.get_peers())
	peers.sort()
	return {
		"status": _api.multiplayer_peer.get_connection_status(),
		"id": _api.get_unique_id(),
		"peers": peers,
		"server": _api.is_server(),
	}


## By SceneMultiplayer, which informs the other peers.
func do_disconnect_peer(about: Dictionary) -> bool:
	_api.disconnect_peer(int(about.id))
	return true


## By the transport, which informs the other peers unless it is forced.
func do_drop_peer(about: Dictionary) -> bool:
	_api.multiplayer_peer.disconnect_peer(int(about.id), about.force)
	return true


func do_send_bytes(about: Dictionary) -> int:
	return _api.send_bytes(about.hex.hex_decode(), int(about.to))


func do_server_relay(about: Dictionary) -> bool:
	_api.server_relay = about.on
	return true


func do_refuse_new_connections(about: Dictionary) -> bool:
	_api.refuse_new_connections = about.on
	return true


## Requires authentication from now on. The test program gets the data and decides.
func do_authenticate(about: Dictionary) -> bool:
	_api.auth_timeout = about.timeout
	_api.auth_callback = func(id: int, data: PackedByteArray) -> void:
		_agent.report("auth", {"id": id, "hex": data.hex_encode()})
	return true


func do_send_auth(about: Dictionary) -> int:
	return _api.send_auth(int(about.id), about.hex.hex_decode())


func do_complete_auth(about: Dictionary) -> int:
	return _api.complete_auth(int(about.id))


func _begin() -> void:
	_api = SceneMultiplayer.new()
	get_tree().set_multiplayer(_api)
	for name: String in ["peer_connected", "peer_disconnected", "peer_authenticating", "peer_authentication_failed"]:
		_api.connect(name, func(id: int) -> void: _agent.report(name, {"id": id}))
	for name: String in ["connected_to_server", "connection_failed", "server_disconnected"]:
		_api.connect(name, func() -> void: _agent.report(name))
	_api.peer_packet.connect(
		func(id: int, data: PackedByteArray) -> void: _agent.report("peer_packet", {"id": id, "hex": data.hex_encode()})
	)


func _forget_peer() -> void:
	_socket = null
	for signals in _api.get_signal_list():
		for connection in _api.get_signal_connection_list(signals.name):
			_api.disconnect(signals.name, connection.callable)
	_api.auth_callback = Callable()
	if _api.multiplayer_peer != null:
		_api.multiplayer_peer.close()
	_api.multiplayer_peer = null
