extends Node
## The nodes of a scenario, below the root of the tree.

var _added: Array[Node] = []

@onready var _agent := get_parent()


func reset() -> void:
	for node in _added:
		if is_instance_valid(node):
			node.free()
	_added.clear()


## Adds `res://nodes/SCRIPT.gd` at this path, with the nodes above it.
func do_add_node(about: Dictionary) -> bool:
	var parent: Node = get_tree().root
	var names: PackedStringArray = about.path.split("/")
	for name in names.slice(0, -1):
		parent = parent.get_node(name) if parent.has_node(name) else _add(Node.new(), name, parent)
	var node: Node = load("res://nodes/%s.gd" % about.script).new()
	_add(node, names[-1], parent)
	return true


func do_remove_node(about: Dictionary) -> bool:
	_node(about).free()
	return true


func do_set_authority(about: Dictionary) -> bool:
	_node(about).set_multiplayer_authority(int(about.id))
	return true


## Calls a method of the other ends' nodes: of all (0), of one (its id), or of all but one (minus its id).
func do_rpc(about: Dictionary) -> int:
	return _node(about).callv("rpc_id", [int(about.to), about.method] + _agent.values(about.arguments))


## The same, with encoded arguments.
func do_rpc_of_bytes(about: Dictionary) -> int:
	var arguments: Array = about.arguments.map(func(hex: String) -> Variant: return bytes_to_var(hex.hex_decode()))
	return _node(about).callv("rpc_id", [int(about.to), about.method] + arguments)


func do_set_property(about: Dictionary) -> bool:
	_node(about).set(about.property, str_to_var(about.text))
	return true


## Calls a method of the node itself.
func do_call(about: Dictionary) -> Variant:
	return _node(about).callv(about.method, _agent.values(about.arguments))


func _add(node: Node, name: String, parent: Node) -> Node:
	node.name = name
	_added.append(node)
	parent.add_child(node)
	return node


func _node(about: Dictionary) -> Node:
	return get_tree().root.get_node(NodePath(about.path))
