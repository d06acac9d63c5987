extends Node
## The room as each end sees it, and what the ends say to each other.
##
## Whom such a call reaches may run this same script, or `room.rs` beside it. On the wire a method is a number: its place in
## the sorted names of all `@rpc` methods of the script. So both ends have to declare all of them, also those that they
## never call; how many arguments there are and of which types is for each call to agree upon.

## There is something to tell a human.
signal told(line: String)
## Somebody stands elsewhere, or the coin lies elsewhere.
signal changed
## Somebody wants to be let in. Only the host hears this and the next.
signal asked_to_enter(id: int, player_name: String)
signal asked_to_say(id: int, text: String)
signal moved(id: int)
## The host does not want us.
signal refused(reason: String)

## What positions are measured in, whatever the size of a window.
const SIZE := Vector2(640, 400)


class Player:
	var name: String
	var score: int
	var position := SIZE / 2


## Who is in, by their peers' ids.
var players: Dictionary[int, Player] = {}
var coin := Vector2.INF
var seconds_left := 0.0


func _process(delta: float) -> void:
	seconds_left = maxf(0.0, seconds_left - delta)


## Forgets everything, for the next connection.
func clear() -> void:
	players.clear()
	end_round(0, PackedStringArray())


# What anybody may call. "any_peer" means just that, so each of these looks at who calls and with what. They are called on
# the host also by the player who sits there, hence "call_local".


@rpc("any_peer", "call_local", "reliable")
func enter(player_name: String) -> void:
	# Clients can reach each other through the host's relay: this is none of theirs to decide.
	if multiplayer.is_server():
		asked_to_enter.emit(multiplayer.get_remote_sender_id(), player_name)


@rpc("any_peer", "call_local", "reliable")
func chat(text: String) -> void:
	if multiplayer.is_server():
		asked_to_say.emit(multiplayer.get_remote_sender_id(), text)


## Called at all ends at once: the host passes it on without a look, so each end looks for itself.
@rpc("any_peer", "call_local", "unreliable")
func move_marker(to: Vector2) -> void:
	var id := multiplayer.get_remote_sender_id()
	if players.has(id) and to.is_finite():
		players[id].position = to.clamp(Vector2.ZERO, SIZE)
		changed.emit()
		moved.emit(id)


# What only the host may call; the engine sees to that, for the host is this node's authority.


@rpc("authority", "call_local", "reliable")
func add_player(id: int, player_name: String, score: int = 0) -> void:
	if not players.has(id):
		told.emit("+ " + player_name)
		players[id] = Player.new()
	players[id].name = player_name
	players[id].score = score
	changed.emit()


@rpc("authority", "call_local", "reliable")
func remove_player(id: int) -> void:
	if players.has(id):
		told.emit("- " + players[id].name)
		players.erase(id)
		changed.emit()


## Without anybody who says it, it is the host itself.
@rpc("authority", "call_local", "reliable")
func say(text: String, from: int = 0) -> void:
	told.emit("%s: %s" % [players[from].name, text] if players.has(from) else "* " + text)


@rpc("authority", "call_local", "reliable")
func start_round(number: int, seconds: float, coin_at: Vector2) -> void:
	for player: Player in players.values():
		player.score = 0
	seconds_left = seconds
	told.emit("round %d begins" % number)
	place_coin(coin_at)


@rpc("authority", "call_local", "reliable")
func place_coin(at: Vector2) -> void:
	coin = at
	changed.emit()


@rpc("authority", "call_local", "reliable")
func set_score(id: int, score: int) -> void:
	if players.has(id):
		players[id].score = score
		told.emit("%s has %d" % [players[id].name, score])


## The ranking has the names, the best one first. Without a number nothing was played.
@rpc("authority", "call_local", "reliable")
func end_round(number: int, ranking: PackedStringArray) -> void:
	seconds_left = 0.0
	coin = Vector2.INF
	if number > 0:
		told.emit("round %d ends: %s" % [number, ", ".join(ranking)])
	changed.emit()


@rpc("authority", "call_local", "reliable")
func refuse(reason: String) -> void:
	refused.emit(reason)
