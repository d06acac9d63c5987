extends Control
## Hosts or joins the turn game, as the command line or the buttons say.
##
## Prints a line for each event. The command line, after `--`:
## [codeblock]
## turns host PORT [NAME]   hosts, and plays under this name; without one it only hosts
## turns join URL NAME      joins
## --bot                    plays by itself, as it always does without a window
## --quit-after=S           leaves after S seconds
## [/codeblock]

const Arguments := preload("res://arguments.gd")
const Game := preload("res://turns/game.gd")

const USAGE := "usage: turns (host PORT [NAME] | join URL NAME) [--bot] [--quit-after=S]"
## The sub-protocol, which both ends require.
const PROTOCOLS: PackedStringArray = ["ludus"]

var _name := ""
var _is_bot := false
## If true, the program ends with the connection.
var _ends_with_connection := false

@onready var _form: Control = $Panel/VBoxContainer/Form
@onready var _name_edit: LineEdit = $Panel/VBoxContainer/Form/Name
@onready var _address: LineEdit = $Panel/VBoxContainer/Form/Address
@onready var _leave: Button = $Panel/VBoxContainer/Leave
@onready var _game: Game = $Panel/VBoxContainer/Game
@onready var _deadline: Timer = $Deadline
@onready var _pause: Timer = $Pause


func _enter_tree() -> void:
	# Its own root, so that the path of the game does not depend on the place of this scene.
	get_tree().set_multiplayer(SceneMultiplayer.new(), get_path())


func _exit_tree() -> void:
	get_tree().set_multiplayer(null, get_path())


func _ready() -> void:
	multiplayer.peer_connected.connect(_on_peer_connected)
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)
	multiplayer.connected_to_server.connect(_on_connected)
	multiplayer.connection_failed.connect(_end.bind("no answer", 1))
	multiplayer.server_disconnected.connect(_end.bind("the host has left", 0))
	var arguments: Arguments = Arguments.take()
	if not arguments.is_empty() and not _run(arguments):
		printerr(USAGE)
		get_tree().quit(2)


func host(port: int, player_name: String) -> void:
	var peer := _new_peer()
	var error := peer.create_server(port)
	if error != OK:
		_end("cannot host on port %d: %s" % [port, error_string(error)], 1)
		return
	_begin(peer, player_name, "hosting on port %d" % port)
	_game.begin(player_name)


func join(url: String, player_name: String) -> void:
	var peer := _new_peer()
	var error := peer.create_client(url)
	if error != OK:
		_end("cannot join %s: %s" % [url, error_string(error)], 1)
		return
	_begin(peer, player_name, "joining " + url)
	_deadline.start()


func leave() -> void:
	_end("left", 0)


func _run(arguments: Arguments) -> bool:
	var words := arguments.words.slice(1)
	var is_host := words.size() in [2, 3] and words[0] == "host" and words[1].to_int() in range(1, 1 << 16)
	var is_client := words.size() == 3 and words[0] == "join"
	if not (is_host or is_client) or not arguments.has_only(["bot", "quit-after"]):
		return false
	_ends_with_connection = true
	_is_bot = "bot" in arguments.options or DisplayServer.get_name() == "headless"
	if "quit-after" in arguments.options:
		get_tree().create_timer(arguments.options["quit-after"].to_float()).timeout.connect(leave)
	if is_host:
		host(words[1].to_int(), words[2] if words.size() == 3 else "")
	else:
		join(words[1], words[2])
	return true


func _new_peer() -> WebSocketMultiplayerPeer:
	var peer := WebSocketMultiplayerPeer.new()
	peer.supported_protocols = PROTOCOLS
	return peer


func _begin(peer: MultiplayerPeer, player_name: String, line: String) -> void:
	multiplayer.multiplayer_peer = peer
	_name = player_name
	_form.hide()
	_leave.show()
	_game.show_line(line)


## The connection has ended, or could not be made.
func _end(line: String, exit_code: int) -> void:
	_game.show_line(line)
	_deadline.stop()
	_pause.stop()
	multiplayer.multiplayer_peer.close()
	multiplayer.multiplayer_peer = OfflineMultiplayerPeer.new()
	_game.clear()
	_form.show()
	_leave.hide()
	if _ends_with_connection:
		get_tree().quit(exit_code)


func _on_connected() -> void:
	_deadline.stop()
	_game.show_line("connected, with the id %d" % multiplayer.get_unique_id())
	_game.set_player_name.rpc_id(Game.HOST, _name)


func _on_peer_connected(id: int) -> void:
	if multiplayer.is_server():
		_game.enter(id)


func _on_peer_disconnected(id: int) -> void:
	if multiplayer.is_server():
		_game.leave(id)


func _on_game_turn_changed(is_own: bool) -> void:
	if is_own and _is_bot:
		_pause.start()


func _on_pause_timeout() -> void:
	_game.act("roll")


func _on_deadline_timeout() -> void:
	_end("no answer", 1)


func _on_host_pressed() -> void:
	# A host listens at all of its addresses, so only the port matters.
	var parts := _address.text.trim_suffix("/").split(":")
	host(parts[-1].to_int(), _name_edit.text)


func _on_join_pressed() -> void:
	join(_address.text, _name_edit.text)


func _on_back_pressed() -> void:
	get_tree().change_scene_to_file("res://start.tscn")
