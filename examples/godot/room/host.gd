extends Timer
## The rules of the room, which only the host applies. The timer is the clock of the rounds.

## All rounds have been played, and all players know.
signal finished

const Room := preload("res://room/room.gd")

## The distance at which a marker takes the coin.
const REACH := 16.0
const MAX_NAME := 20
const MAX_TEXT := 200
const PAUSE := 1.0
## A Godot client loses packets that it reads in the same poll as the end of the connection. So the host waits between
## the reason and the disconnect.
const DRAIN := 0.5

## The number of players that start the first round.
var players := 1
## The number of rounds; 0 is no limit.
var rounds := 0
var seconds := 15.0

var _round := 0
var _is_on := false

@onready var _room: Room = get_parent()


func _ready() -> void:
	_room.asked_to_enter.connect(_on_asked_to_enter)
	_room.asked_to_say.connect(_on_asked_to_say)
	_room.moved.connect(_on_moved)
	multiplayer.peer_disconnected.connect(_on_peer_disconnected)


## Forgets the rounds, for the next connection.
func clear() -> void:
	stop()
	_round = 0
	_is_on = false


func _on_asked_to_enter(id: int, player_name: String) -> void:
	if _room.players.has(id):
		return
	var objection := _objection_to(player_name)
	if objection != "":
		_reject(id, objection)
		return
	for other in _room.players:
		var player := _room.players[other]
		_room.add_player.rpc_id(id, other, player.name, player.score)
	# The default of the score is zero.
	_room.add_player.rpc(id, player_name)
	if _is_on:
		_room.start_round.rpc_id(id, _round, time_left, _room.coin)
	elif _round == 0 and _room.players.size() >= players:
		_start_round()


func _objection_to(player_name: String) -> String:
	if player_name.length() not in range(1, MAX_NAME + 1) or _has_controls(player_name):
		return "a name is 1 to %d letters" % MAX_NAME
	for player: Room.Player in _room.players.values():
		if player.name == player_name:
			return "this name is taken"
	return ""


func _reject(id: int, reason: String) -> void:
	_room.refuse.rpc_id(id, reason)
	await get_tree().create_timer(DRAIN).timeout
	if id in multiplayer.get_peers():
		(multiplayer as SceneMultiplayer).disconnect_peer(id)


func _on_asked_to_say(id: int, text: String) -> void:
	if _room.players.has(id) and text.length() in range(1, MAX_TEXT + 1) and not _has_controls(text):
		_room.say.rpc(text, id)


## A line of a client must not contain line breaks.
func _has_controls(text: String) -> bool:
	return Array(text.split("")).any(func(letter: String) -> bool: return letter.unicode_at(0) < 32)


func _on_moved(id: int) -> void:
	var player := _room.players[id]
	if multiplayer.is_server() and _is_on and player.position.distance_to(_room.coin) <= REACH:
		_room.set_score.rpc(id, player.score + 1)
		_room.place_coin.rpc(_somewhere())


func _on_peer_disconnected(id: int) -> void:
	if multiplayer.is_server() and _room.players.has(id):
		_room.remove_player.rpc(id)


func _on_timeout() -> void:
	if _is_on:
		_is_on = false
		_room.end_round.rpc(_round, _ranking())
		if _round == rounds:
			_room.say.rpc("no more rounds")
		start(PAUSE)
	elif _round == rounds:
		finished.emit()
	else:
		_start_round()


func _start_round() -> void:
	_round += 1
	_is_on = true
	_room.start_round.rpc(_round, seconds, _somewhere())
	start(seconds)


func _ranking() -> PackedStringArray:
	var best_first := _room.players.values()
	best_first.sort_custom(func(one: Room.Player, other: Room.Player) -> bool: return one.score > other.score)
	return PackedStringArray(best_first.map(func(player: Room.Player) -> String: return player.name))


func _somewhere() -> Vector2:
	return (Vector2(randf(), randf()) * Room.SIZE).round()
