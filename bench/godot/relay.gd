extends SceneTree
## A server that clients join, and which carries packets between them: all of that SceneMultiplayer does by itself.
##
## --hz=N: so many frames a second, as a game has them. Without it frames follow each other without a pause, and so they do
## while clients come, for in each frame one is let in.

## Whoever comes sooner after somebody else belongs to the same crowd.
const CROWD := 0.5

var _come := 0


func _initialize() -> void:
	# Without a window it would sleep for 6.9 ms in each frame, whatever else it is told.
	OS.low_processor_usage_mode_sleep_usec = 0
	var peer := WebSocketMultiplayerPeer.new()
	var port := _listen(peer)
	if port == 0:
		printerr("there is no free port")
		quit(1)
		return
	get_multiplayer().multiplayer_peer = peer
	get_multiplayer().peer_connected.connect(_hurry)
	print("Listening on ws://127.0.0.1:%d" % port)


func _hurry(_id: int) -> void:
	Engine.max_fps = 0
	_come += 1
	var come := _come
	await create_timer(CROWD).timeout
	if come == _come:
		Engine.max_fps = _hz()


## The peer does not tell which port it got, so a free one is looked for before it is asked.
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
