extends "res://chat/link.gd"
## Connections by a WebSocketMultiplayerPeer without a SceneMultiplayer: sockets with ids, and packets with Variants.

var _peer := WebSocketMultiplayerPeer.new()
## At a client: its connection, which has the cause of the end.
var _socket: WebSocketPeer
var _is_client := false


func _ready() -> void:
	_peer.supported_protocols = PROTOCOLS
	_peer.peer_connected.connect(_on_peer_connected)
	_peer.peer_disconnected.connect(_on_peer_disconnected)


func host(port: int) -> Error:
	return _peer.create_server(port)


func join(url: String) -> Error:
	_is_client = true
	return _peer.create_client(url)


func send(to: int, text: String) -> void:
	_peer.set_target_peer(to)
	_peer.put_var(text)


func close() -> void:
	_is_client = false
	_peer.close()


func _process(_delta: float) -> void:
	_peer.poll()
	while _peer.get_available_packet_count() > 0:
		# The sender of the next packet.
		var from := _peer.get_packet_peer()
		received.emit(from, _text_of(_peer.get_packet()))
	if _is_client and _peer.get_connection_status() == MultiplayerPeer.CONNECTION_DISCONNECTED:
		_is_client = false
		closed.emit("no answer" if _socket == null else _cause(_socket))


func _on_peer_connected(id: int) -> void:
	var socket := _peer.get_peer(id) as WebSocketPeer
	socket.heartbeat_interval = HEARTBEAT
	if _is_client:
		_socket = socket
		opened.emit()
	else:
		entered.emit(id)


func _on_peer_disconnected(id: int) -> void:
	if not _is_client:
		left.emit(id)
