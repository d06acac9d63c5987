extends HBoxContainer
## The turn game: the methods of Godot's demo "websocket_multiplayer", the state at each end, and the rules, which only
## the host applies.
##
## Both ends must have the same methods, and this node at the same path below the root of its SceneMultiplayer:
## [code]Panel/VBoxContainer/Game[/code].

## A turn has begun. [param is_own] is true if it is this end's.
signal turn_changed(is_own: bool)

const Log := preload("res://log.gd")
const Texts := preload("res://texts.gd")

const HOST := 1
const ACTIONS: PackedStringArray = ["roll", "pass"]
const UNNAMED := "... connecting ..."
const LONGEST_NAME := 24
const LONGEST_MESSAGE := 200
const MAX_PLAYERS := 64


class Player:
	var id: int
	var name := UNNAMED


var _players: Array[Player] = []
var _turn := 0

@onready var _log_view: Log = $Log
@onready var _list: ItemList = $Side/Players
@onready var _buttons: Control = $Side/Buttons


## Forgets everything, for the next connection.
func clear() -> void:
	_players.clear()
	_turn = 0
	_show_players()
	_buttons.hide()


func show_line(line: String) -> void:
	_log_view.show_line(line)


## Rolls or passes, if it is this end's turn.
func act(action: String) -> void:
	if not _is_own_turn():
		return
	_buttons.hide()
	if multiplayer.is_server():
		_play(action)
	else:
		request_action.rpc_id(HOST, action)


## At the host: begins, with the host as the first player if it has a name.
func begin(player_name: String) -> void:
	if player_name != "":
		add_player(HOST, _free_name(player_name, HOST))
		set_turn(0)


## At the host: a peer is connected. It becomes a player at once, and gets its name later.
func enter(id: int) -> void:
	if _players.size() >= MAX_PLAYERS:
		(multiplayer as SceneMultiplayer).disconnect_peer(id)
		return
	for player in _players:
		add_player.rpc_id(id, player.id, player.name)
	add_player.rpc(id)
	set_turn.rpc_id(id, _turn)


## At the host: a peer is gone.
func leave(id: int) -> void:
	if _index_of(id) < 0:
		return
	del_player.rpc(id)
	# If it was the last in the list, the first is next.
	set_turn.rpc(_turn if _turn < _players.size() else 0)


# Only the host may call these: it is the authority of this node, and the engine checks that.


@rpc
func _log(message: String) -> void:
	show_line(Texts.one_line(message, LONGEST_MESSAGE))


@rpc("call_local")
func add_player(id: int, player_name: String = "") -> void:
	if _index_of(id) >= 0 or _players.size() >= MAX_PLAYERS:
		return
	var player := Player.new()
	player.id = id
	_players.append(player)
	show_line("[%d] connected" % id)
	if player_name != "" and player_name != UNNAMED:
		update_player_name(id, player_name)
	_show_players()


@rpc("call_local")
func del_player(id: int) -> void:
	var at := _index_of(id)
	if at < 0:
		return
	_players.remove_at(at)
	# The host sends the turn as well.
	if _turn > at:
		_turn -= 1
	show_line("[%d] disconnected" % id)
	_show_players()


@rpc("call_local")
func set_turn(turn: int) -> void:
	_turn = turn
	_show_players()
	if turn in range(_players.size()):
		show_line("turn: " + _players[turn].name)
	_buttons.visible = _is_own_turn()
	turn_changed.emit(_is_own_turn())


@rpc("call_local")
func update_player_name(id: int, player_name: String) -> void:
	var at := _index_of(id)
	if at < 0:
		return
	# A number that makes it unique may follow the name.
	_players[at].name = Texts.one_line(player_name, 2 * LONGEST_NAME)
	show_line("[%d] is called %s" % [id, _players[at].name])
	_show_players()


# Every peer may call these, so each of them checks the caller and the arguments. Clients can call each other through the
# host's relay; only the host decides.


@rpc("any_peer")
func request_action(action: String) -> void:
	if not is_multiplayer_authority():
		return
	var sender := multiplayer.get_remote_sender_id()
	if _turn != _index_of(sender):
		_log_to_all("Someone is trying to cheat! %d" % sender)
	elif action not in ACTIONS:
		_log_to_all("Invalid action: %s" % Texts.one_line(action, LONGEST_NAME))
	else:
		_play(action)


@rpc("any_peer")
func set_player_name(player_name: String) -> void:
	var sender := multiplayer.get_remote_sender_id()
	if is_multiplayer_authority() and _index_of(sender) >= 0:
		update_player_name.rpc(sender, _free_name(player_name, sender))


## At the host: the player whose turn it is acts, and the next one is due.
func _play(action: String) -> void:
	# As the demo writes it, also for "pass".
	_log_to_all("%s: %ss %d" % [_players[_turn].name, action, randi() % 100])
	set_turn.rpc((_turn + 1) % _players.size())


func _log_to_all(message: String) -> void:
	_log.rpc(message)
	_log(message)


## Returns a name that no other player has.
func _free_name(wanted: String, id: int) -> String:
	var base := Texts.one_line(wanted, LONGEST_NAME)
	if base == "":
		base = "Player"
	var taken := _players.filter(func(player: Player) -> bool: return player.id != id).map(
		func(player: Player) -> String: return player.name
	)
	var free := base
	var number := 2
	while free in taken:
		free = "%s (%d)" % [base, number]
		number += 1
	return free


func _is_own_turn() -> bool:
	return _turn in range(_players.size()) and _players[_turn].id == multiplayer.get_unique_id()


func _index_of(id: int) -> int:
	return _players.find_custom(func(player: Player) -> bool: return player.id == id)


func _show_players() -> void:
	_list.clear()
	for index in _players.size():
		_list.add_item(("▶ " if index == _turn else "   ") + _players[index].name, null, false)
