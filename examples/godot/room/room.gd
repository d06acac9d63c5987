extends Node
## The methods of the room, and its state at each end.
##
## The other end runs this script, or `room.rs` beside it. On the wire a method is its index in the sorted names of all
## `@rpc` methods of the script. So both ends have to declare all of them, also those that they never call.

## A line for people.
signal printed(line: String)
## A player or the coin has moved.
signal changed
## A client asks to enter. Only the host emits this and the next two.
signal asked_to_enter(id: int, player_name: String)
signal asked_to_say(id: int, text: String)
signal moved(id: int)
## The host has refused this client.
signal refused(reason: String)

## The size of the room, in which positions are measured.
const SIZE := Vector2(640, 400)


class Player:
	var name: String
	var score: int
	var position := SIZE / 2


## The players, by their peer ids.
var players: Dictionary[int, Player] = {}
var coin := Vector2.INF
var seconds_left := 0.0


func _process(delta: float) -> void:
	seconds_left = maxf(0.0, seconds_left - delta)


## Forgets everything, for the next connection.
func clear() -> void:
	players.clear()
	end_round(0, PackedStringArray())


# Every peer may call these, so each of them checks the caller and the arguments. "call_local" is for the player at the
# host.


@rpc("any_peer", "call_local", "reliable")
func enter(player_name: String) -> void:
	# Clients can call each other through the host's relay; only the host decides.
	if multiplayer.is_server():
		asked_to_enter.emit(multiplayer.get_remote_sender_id(), player_name)


@rpc("any_peer", "call_local", "reliable")
func chat(text: String) -> void:
	if multiplayer.is_server():
		asked_to_say.emit(multiplayer.get_remote_sender_id(), text)


## Called at all ends. The host relays it unchecked, so each end checks it.
@rpc("any_peer", "call_local", "unreliable")
func move_marker(to: Vector2) -> void:
	var id := multiplayer.get_remote_sender_id()
	if players.has(id) and to.is_finite():
		players[id].position = to.clamp(Vector2.ZERO, SIZE)
		changed.emit()
		moved.emit(id)


# Only the host may call these: it is the authority of this node, and the engine checks that.


@rpc("authority", "call_local", "reliable")
func add_player(id: int, player_name: String, score: int = 0) -> void:
	if not players.has(id):
		printed.emit("+ " + player_name)
		players[id] = Player.new()
	players[id].name = player_name
	players[id].score = score
	changed.emit()


@rpc("authority", "call_local", "reliable")
func remove_player(id: int) -> void:
	if players.has(id):
		printed.emit("- " + players[id].name)
		players.erase(id)
		changed.emit()


## Without a sender, the line is from the host.
@rpc("authority", "call_local", "reliable")
func say(text: String, from: int = 0) -> void:
	printed.emit("%s: %s" % [players[from].name, text] if players.has(from) else "* " + text)


@rpc("authority", "call_local", "reliable")
func start_round(number: int, seconds: float, coin_at: Vector2) -> void:
	for player: Player in players.values():
		player.score = 0
	seconds_left = seconds
	printed.emit("round %d begins" % number)
	place_coin(coin_at)


@rpc("authority", "call_local", "reliable")
func place_coin(at: Vector2) -> void:
	coin = at
	changed.emit()


@rpc("authority", "call_local", "reliable")
func set_score(id: int, score: int) -> void:
	if players.has(id):
		players[id].score = score
		printed.emit("%s has %d" % [players[id].name, score])


## The ranking has the names, the best first. Zero clears the round.
@rpc("authority", "call_local", "reliable")
func end_round(number: int, ranking: PackedStringArray) -> void:
	seconds_left = 0.0
	coin = Vector2.INF
	if number > 0:
		printed.emit("round %d ends: %s" % [number, ", ".join(ranking)])
	changed.emit()


@rpc("authority", "call_local", "reliable")
func refuse(reason: String) -> void:
	refused.emit(reason)
