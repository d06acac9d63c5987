extends Control
## Makes the connection, and obeys the command line or the player at the buttons.
##
## Whatever happens is printed, a line each. From a command line, all behind a `--` of their own:
## [codeblock]
## --host=PORT      hosts the room; with --players=N, --rounds=N, --seconds=S (see host.gd)
## --join=URL       joins one
## --name=NAME      plays in it under this name; a host without a name only hosts
## --bot            plays by itself
## --say=TEXT       what the bot says in the first round
## --quit-after=S   leaves after so many seconds
## [/codeblock]

const Bot := preload("res://bot.gd")
const Host := preload("res://host.gd")
const Lobby := preload("res://lobby.gd")
const Room := preload("res://room.gd")

var _name := ""
## Whether the program came only for this connection, and ends with it.
var _ends_with_connection := false

@onready var _room: Room = $Room
@onready var _host: Host = $Room/Host
@onready var _bot: Bot = $Bot
@onready var _lobby: Lobby = $Split/Lobby


func _ready() -> void:
	_room.told.connect(_tell)
	_room.refused.connect(_on_refused)
	_host.finished.connect(_end.bind("the game is over", 0))
	multiplayer.connected_to_server.connect(_on_connected)
	multiplayer.connection_failed.connect(_end.bind("nobody answers", 1))
	multiplayer.server_disconnected.connect(_end.bind("the host has gone", 0))
	_obey(OS.get_cmdline_user_args())


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
	_tell(line)


## The connection is over, or never was.
func _end(line: String, exit_code: int) -> void:
	_tell(line)
	multiplayer.multiplayer_peer.close()
	multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
	_room.clear()
	_host.clear()
	_lobby.is_connected_to_room = false
	if _ends_with_connection:
		get_tree().quit(exit_code)


func _tell(line: String) -> void:
	print(line)
	_lobby.tell(line)


func _on_connected() -> void:
	_tell("connected")
	_room.enter.rpc_id(1, _name)


func _on_refused(reason: String) -> void:
	_end("refused: " + reason, 1)


func _on_lobby_said(text: String) -> void:
	_room.chat.rpc_id(1, text)


func _on_arena_pointed(at: Vector2) -> void:
	if _room.players.has(multiplayer.get_unique_id()):
		_room.move_marker.rpc(at)


func _obey(arguments: PackedStringArray) -> void:
	var orders: Dictionary[String, String] = {"players": "1", "rounds": "0", "seconds": "15", "name": "", "say": ""}
	for argument in arguments:
		orders[argument.get_slice("=", 0).trim_prefix("--")] = argument.substr(argument.find("=") + 1)
	_host.players = orders["players"].to_int()
	_host.rounds = orders["rounds"].to_int()
	_host.seconds = orders["seconds"].to_float()
	_bot.words = orders["say"]
	if "bot" in orders:
		_bot.start()
	if "quit-after" in orders:
		get_tree().create_timer(orders["quit-after"].to_float()).timeout.connect(leave)
	_ends_with_connection = "host" in orders or "join" in orders
	if "host" in orders:
		host(orders["host"].to_int(), orders["name"])
	elif "join" in orders:
		join(orders["join"], orders["name"])
