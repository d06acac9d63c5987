extends RefCounted
## The names of the clients, which every end learns from the host's lines.
##
## A client chooses its name by the message [code]/name Ann[/code]. A host of this project answers, and announces it by
## [code][7] is called Ann[/code]. A host without names, such as Godot's own demo, relays the message like any other.

const Texts := preload("res://texts.gd")

const COMMAND := "/name "
const LONGEST := 20
const MAX_NAMES := 256

var _names: Dictionary[int, String] = {}
var _pattern := RegEx.create_from_string("^\\[(\\d{1,10})\\] (disconnected$|is called |Says: )(.*)$")


## Returns the name in a message, if it is the command that chooses one; otherwise an empty text.
static func chosen(message: String) -> String:
	return _clean(message.trim_prefix(COMMAND)) if message.begins_with(COMMAND) else ""


## Returns the line that gives a client a name.
static func line(id: int, name: String) -> String:
	return "[%d] is called %s" % [id, name]


## Returns `true` if no other client has this name, and it does not look like the host's or the reader's.
func is_free(name: String, id: int) -> bool:
	var others := _names.keys().filter(func(other: int) -> bool: return other != id)
	var taken := others.map(func(other: int) -> String: return _names[other].to_lower())
	return name.to_lower() not in taken + ["", "you"] and not name.to_lower().begins_with("server")


## Returns a line for each name.
func lines() -> PackedStringArray:
	return PackedStringArray(_names.keys().map(func(id: int) -> String: return line(id, _names[id])))


## Learns from a line of the host, and returns it for people: with the name in place of the id.
func read(from_host: String) -> String:
	var found := _pattern.search(from_host)
	if found == null:
		return from_host
	var id := found.get_string(1).to_int()
	var text := found.get_string(3)
	match found.get_string(2):
		"is called ":
			return _learn(id, _clean(text), from_host)
		"Says: " when chosen(text) != "":
			return _learn(id, chosen(text), line(id, chosen(text)))
		"Says: " when _names.has(id):
			return "%s: %s" % [_names[id], text]
		"disconnected" when _names.has(id):
			var name := _names[id]
			_names.erase(id)
			return "%s disconnected" % name
	return from_host


func _learn(id: int, name: String, shown: String) -> String:
	if _names.has(id) or _names.size() < MAX_NAMES:
		_names[id] = name
	return shown


## Lines have ids in brackets, so names have none.
static func _clean(name: String) -> String:
	return Texts.one_line(name.replace("[", "").replace("]", ""), LONGEST)
