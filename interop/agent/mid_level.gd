extends Node
## WebSocketMultiplayerPeers without a SceneMultiplayer, each with a name that the test program gave it, polled once a
## frame.

const Peers := preload("res://peers.gd")


class End:
	var peer: WebSocketMultiplayerPeer
	var status := MultiplayerPeer.CONNECTION_DISCONNECTED
	## The connections, which have the codes of their ends.
	var sockets: Dictionary[int, WebSocketPeer] = {}
	## If true, packets are reported as values.
	var vars := false


var _ends: Dictionary[String, End] = {}

@onready var _agent := get_parent()


func reset() -> void:
	for end: End in _ends.values():
		end.peer.close()
	_ends.clear()


func do_mp_create_server(about: Dictionary) -> int:
	return Peers.serve(_add(about).peer, about)


func do_mp_create_client(about: Dictionary) -> int:
	return Peers.join(_add(about).peer, about)


func do_mp_status(about: Dictionary) -> Dictionary:
	var peer := _peer(about)
	return {"status": peer.get_connection_status(), "id": peer.get_unique_id()}


func do_mp_put_packet(about: Dictionary) -> int:
	_peer(about).set_target_peer(int(about.to))
	return _peer(about).put_packet(about.hex.hex_decode())


func do_mp_put_var(about: Dictionary) -> int:
	_peer(about).set_target_peer(int(about.to))
	return _peer(about).put_var(str_to_var(about.text))


## Reports received packets as values from now on.
func do_mp_read_vars(about: Dictionary) -> bool:
	_ends[about.name].vars = true
	return true


func do_mp_disconnect_peer(about: Dictionary) -> bool:
	_peer(about).disconnect_peer(int(about.id), about.force)
	return true


func do_mp_refuse_new_connections(about: Dictionary) -> bool:
	_peer(about).refuse_new_connections = about.on
	return true


func do_mp_close(about: Dictionary) -> bool:
	# A connection lives as long as there is a reference to it.
	_ends[about.name].sockets.clear()
	_peer(about).close()
	return true


func _process(_delta: float) -> void:
	for name: String in _ends.keys():
		_poll(name, _ends[name])


func _poll(name: String, end: End) -> void:
	var peer := end.peer
	peer.poll()
	while peer.get_available_packet_count() > 0:
		# The sender of the next packet.
		var from := {"from": peer.get_packet_peer()}
		if end.vars:
			_report(name, "var", from.merged(_agent.describe(peer.get_var())))
		else:
			_report(name, "packet", from.merged({"hex": peer.get_packet().hex_encode()}))
	if peer.get_connection_status() != end.status:
		end.status = peer.get_connection_status()
		_report(name, "status", {"status": end.status})


func _add(about: Dictionary) -> End:
	var end := End.new()
	end.peer = Peers.make(about)
	end.peer.peer_connected.connect(_on_peer_connected.bind(about.name, end))
	end.peer.peer_disconnected.connect(_on_peer_disconnected.bind(about.name, end))
	_ends[about.name] = end
	return end


func _on_peer_connected(id: int, name: String, end: End) -> void:
	end.sockets[id] = end.peer.get_peer(id)
	_report(name, "connected", {"id": id})


func _on_peer_disconnected(id: int, name: String, end: End) -> void:
	var socket := end.sockets[id]
	end.sockets.erase(id)
	_report(name, "disconnected", {"id": id, "code": socket.get_close_code(), "reason": socket.get_close_reason()})


## The event is [code]NAME.WHAT[/code].
func _report(name: String, what: String, about: Dictionary) -> void:
	_agent.report("%s.%s" % [name, what], about)


func _peer(about: Dictionary) -> WebSocketMultiplayerPeer:
	return _ends[about.name].peer
