extends "res://chat/link.gd"
## Plain connections: a WebSocketPeer for each, with text packets.

const MAX_MEMBERS := 64
const MAX_PENDING := 16
const HANDSHAKE_MSEC := 3000


## A connection whose handshake is not complete.
class Pending:
	var socket: WebSocketPeer
	var since_msec := Time.get_ticks_msec()


var _listener := TCPServer.new()
var _pending: Array[Pending] = []
var _members: Dictionary[int, WebSocketPeer] = {}
## At a client: its connection.
var _socket: WebSocketPeer
var _is_open := false


func host(port: int) -> Error:
	return _listener.listen(port)


func join(url: String) -> Error:
	_socket = _new_socket()
	return _socket.connect_to_url(url)


func send(to: int, text: String) -> void:
	if _socket != null:
		_socket.send_text(text)
	for id in _members:
		if to == id or (to <= 0 and to != -id):
			_members[id].send_text(text)


func close() -> void:
	_listener.stop()
	_pending.clear()
	for member: WebSocketPeer in _members.values() + ([_socket] if _is_open else []):
		# The close frame leaves at once.
		member.close(1000, "the host has left" if _socket == null else "")
	_members.clear()
	_socket = null
	_is_open = false


func _process(_delta: float) -> void:
	if _socket != null:
		_poll_client()
	if _listener.is_listening():
		_accept()
	for pending in _pending.duplicate():
		_poll_pending(pending)
	for id: int in _members.keys():
		_poll_member(id)


func _poll_client() -> void:
	var socket := _socket
	socket.poll()
	if socket.get_ready_state() == WebSocketPeer.STATE_OPEN and not _is_open:
		_is_open = true
		opened.emit()
	_read(HOST, socket)
	if socket.get_ready_state() == WebSocketPeer.STATE_CLOSED and socket == _socket:
		var cause := _cause(socket) if _is_open else "no answer"
		_socket = null
		_is_open = false
		closed.emit(cause)


func _accept() -> void:
	# Further clients wait until the system gives them up, or there is room.
	while _pending.size() < MAX_PENDING and _members.size() + _pending.size() < MAX_MEMBERS and _listener.is_connection_available():
		var pending := Pending.new()
		pending.socket = _new_socket()
		if pending.socket.accept_stream(_listener.take_connection()) == OK:
			_pending.append(pending)


func _poll_pending(pending: Pending) -> void:
	pending.socket.poll()
	var state := pending.socket.get_ready_state()
	var is_late := Time.get_ticks_msec() - pending.since_msec > HANDSHAKE_MSEC
	if state != WebSocketPeer.STATE_CONNECTING or is_late:
		_pending.erase(pending)
	if state == WebSocketPeer.STATE_OPEN:
		var id := _free_id()
		_members[id] = pending.socket
		entered.emit(id)


func _poll_member(id: int) -> void:
	var socket: WebSocketPeer = _members.get(id)
	if socket == null:
		return
	socket.poll()
	_read(id, socket)
	if socket.get_ready_state() != WebSocketPeer.STATE_OPEN:
		_members.erase(id)
		left.emit(id)


func _read(from: int, socket: WebSocketPeer) -> void:
	while socket.get_ready_state() == WebSocketPeer.STATE_OPEN and socket.get_available_packet_count() > 0:
		var packet := socket.get_packet()
		received.emit(from, packet.get_string_from_utf8() if socket.was_string_packet() else _text_of(packet))


func _new_socket() -> WebSocketPeer:
	var socket := WebSocketPeer.new()
	socket.supported_protocols = PROTOCOLS
	socket.heartbeat_interval = HEARTBEAT
	return socket


func _free_id() -> int:
	var id := randi_range(2, 1 << 30)
	return id if not _members.has(id) else _free_id()
