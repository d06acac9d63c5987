extends RefCounted
## The command line after `--`: words, and options as `--name` or `--name=value`.

static var _is_taken := false

var words: PackedStringArray = []
var options: Dictionary[String, String] = {}


func _init(given: PackedStringArray) -> void:
	for argument in given:
		if argument.begins_with("--"):
			options[argument.get_slice("=", 0).trim_prefix("--")] = argument.substr(argument.find("=") + 1)
		else:
			words.append(argument)


## Returns the command line; an empty one if a scene has taken it, because later scenes are chosen by buttons.
static func peek() -> RefCounted:
	return new(PackedStringArray() if _is_taken else OS.get_cmdline_user_args())


## Returns the same, for the scene that follows it.
static func take() -> RefCounted:
	var arguments := peek()
	_is_taken = true
	return arguments


func is_empty() -> bool:
	return words.is_empty() and options.is_empty()


## Returns `true` if there are no other options than these.
func has_only(names: PackedStringArray) -> bool:
	return options.keys().all(func(option: String) -> bool: return option in names)
