extends SceneTree
## A server that relays packets between its clients, which SceneMultiplayer does by itself.
##
## --hz=N sets the frames per second. Without it, and while clients join, frames follow each other without pause,
## because the engine admits one client per frame.

## The frame rate returns to normal this many seconds after the last client has joined.
const JOIN_PAUSE := 0.5

var _joined := 0


func _initialize() -> void:
	# Without a window the engine would sleep for 6.9 ms in each frame, despite other settings.
	OS.low_processor_usage_mode_sleep_usec = 0
	var peer := WebSocketMultiplayerPeer.new()
	var port := _listen(peer)
	if port == 0:
		printerr("there is no free port")
		quit(1)
		return
	get_multiplayer().multiplayer_peer = peer
	get_multiplayer().peer_connected.connect(_on_peer_connected)
	print("Listening on ws://127.0.0.1:%d" % port)


func _on_peer_connected(_id: int) -> void:
	Engine.max_fps = 0
	_joined += 1
	var joined := _joined
	await create_timer(JOIN_PAUSE).timeout
	if joined == _joined:
		Engine.max_fps = _hz()


## Finds a free port first, because the peer does not report the port that it listens on.
func _listen(peer: WebSocketMultiplayerPeer) -> int:
	for attempt in 10:
		var probe := TCPServer.new()
		probe.listen(0, "127.0.0.1")
		var port := probe.get_local_port()
		probe.stop()
		if peer.create_server(port, "127.0.0.1") == OK:
			return port
	return 0


func _hz() -> int:
	for argument in OS.get_cmdline_user_args():
		if argument.begins_with("--hz="):
			return argument.get_slice("=", 1).to_int()
	return 0
