extends CenterContainer
## The first scene: chooses one of the examples, by a button or by the command line.
##
## [codeblock]
## godot --headless --path examples/godot -- [room] (--host=PORT | --join=URL) …   (room/main.gd has the options)
## godot --headless --path examples/godot -- chat host PORT                        (chat/chat.gd)
## godot --headless --path examples/godot -- chat join URL NAME [LINE]…
## godot --headless --path examples/godot -- turns host PORT [NAME]                (turns/turns.gd)
## godot --headless --path examples/godot -- turns join URL NAME
## [/codeblock]

const Arguments := preload("res://arguments.gd")

const SCENES: Dictionary[String, String] = {
	"room": "res://room/main.tscn",
	"chat": "res://chat/chat.tscn",
	"turns": "res://turns/turns.tscn",
}


func _ready() -> void:
	var arguments: Arguments = Arguments.peek()
	if arguments.is_empty():
		return
	var scene := "room" if arguments.words.is_empty() else arguments.words[0]
	if scene in SCENES:
		open.call_deferred(scene)
	else:
		printerr("there is no example \"%s\", only: %s" % [scene, ", ".join(SCENES.keys())])
		get_tree().quit(2)


func open(scene: String) -> void:
	get_tree().change_scene_to_file(SCENES[scene])
