extends Control
## Connects, as the command line or the buttons say.
##
## Prints a line for each event. Options of the command line, after `--`:
## [codeblock]
## --host=PORT      hosts the room; with --players=N, --rounds=N, --seconds=S (see host.gd)
## --join=URL       joins one
## --name=NAME      plays in it under this name; a host without a name only hosts
## --bot            plays by itself
## --say=TEXT       the line that the bot sends in the first round
## --quit-after=S   leaves after S seconds
## [/codeblock]

const Arguments := preload("res://arguments.gd")
const Bot := preload("res://room/bot.gd")
const Host := preload("res://room/host.gd")
const Lobby := preload("res://room/lobby.gd")
const Room := preload("res://room/room.gd")

var _name := ""
## If true, the program ends with the connection.
var _ends_with_connection := false

@onready var _room: Room = $Room
@onready var _host: Host = $Room/Host
@onready var _bot: Bot = $Bot
@onready var _lobby: Lobby = $Split/Lobby


func _ready() -> void:
	_room.printed.connect(_show)
	_room.refused.connect(_on_refused)
	_host.finished.connect(_end.bind("the game is over", 0))
	multiplayer.connected_to_server.connect(_on_connected)
	multiplayer.connection_failed.connect(_end.bind("no answer", 1))
	multiplayer.server_disconnected.connect(_end.bind("the host has left", 0))
	var arguments: Arguments = Arguments.take()
	_run(arguments.options)


func host(port: int, player_name: String) -> void:
	var peer := WebSocketMultiplayerPeer.new()
	var error := peer.create_server(port)
	if error != OK:
		_end("cannot host on port %d: %s" % [port, error_string(error)], 1)
		return
	_begin(peer, player_name, "hosting on port %d" % port)
	if player_name != "":
		_room.enter.rpc_id(1, player_name)


func join(url: String, player_name: String) -> void:
	var peer := WebSocketMultiplayerPeer.new()
	var error := peer.create_client(url)
	if error != OK:
		_end("cannot join %s: %s" % [url, error_string(error)], 1)
		return
	_begin(peer, player_name, "joining " + url)


func leave() -> void:
	_end("left", 0)


func _begin(peer: MultiplayerPeer, player_name: String, line: String) -> void:
	multiplayer.multiplayer_peer = peer
	_name = player_name
	_lobby.is_connected_to_room = true
	_show(line)


## The connection has ended, or could not be made.
func _end(line: String, exit_code: int) -> void:
	_show(line)
	multiplayer.multiplayer_peer.close()
	multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
	_room.clear()
	_host.clear()
	_lobby.is_connected_to_room = false
	if _ends_with_connection:
		get_tree().quit(exit_code)


func _on_lobby_back_pressed() -> void:
	get_tree().change_scene_to_file("res://start.tscn")


func _show(line: String) -> void:
	print(line)
	_lobby.show_line(line)


func _on_connected() -> void:
	_show("connected")
	_room.enter.rpc_id(1, _name)


func _on_refused(reason: String) -> void:
	_end("refused: " + reason, 1)


func _on_lobby_chat_submitted(text: String) -> void:
	_room.chat.rpc_id(1, text)


func _on_arena_pointed(at: Vector2) -> void:
	if _room.players.has(multiplayer.get_unique_id()):
		_room.move_marker.rpc(at)


func _run(given: Dictionary[String, String]) -> void:
	var options: Dictionary[String, String] = {"players": "1", "rounds": "0", "seconds": "15", "name": "", "say": ""}
	options.merge(given, true)
	_host.players = options["players"].to_int()
	_host.rounds = options["rounds"].to_int()
	_host.seconds = options["seconds"].to_float()
	_bot.words = options["say"]
	if "bot" in options:
		_bot.start()
	if "quit-after" in options:
		get_tree().create_timer(options["quit-after"].to_float()).timeout.connect(leave)
	_ends_with_connection = "host" in options or "join" in options
	if "host" in options:
		host(options["host"].to_int(), options["name"])
	elif "join" in options:
		join(options["join"], options["name"])
