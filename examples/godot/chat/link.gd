extends Node
## The connections of one end of the chat, of a host or of a client. [code]plain.gd[/code] and [code]mid_level.gd[/code]
## implement it.

## At a client: it is connected.
signal opened
## At a client: the connection has ended, or could not be made.
signal closed(cause: String)
## At a host: a client is connected, or gone.
signal entered(id: int)
signal left(id: int)
## A message has arrived. At a client, the sender is the host, 1.
signal received(from: int, text: String)

const Texts := preload("res://texts.gd")

const HOST := 1
## The sub-protocol, which both ends require.
const PROTOCOLS: PackedStringArray = ["demo-chat"]
const HEARTBEAT := 20.0


func host(_port: int) -> Error:
	return ERR_UNAVAILABLE


func join(_url: String) -> Error:
	return ERR_UNAVAILABLE


## Sends to one (its id), to all (0), or to all but one (minus its id). A client sends to the host.
func send(_to: int, _text: String) -> void:
	pass


## Ends all connections.
func close() -> void:
	pass


## Returns the text of a binary packet: a Variant that is a string, or UTF-8.
func _text_of(packet: PackedByteArray) -> String:
	# Other bytes would make the engine log an error each, with which an untrusted client could fill a disk.
	if packet.size() >= 8 and packet.decode_u32(0) == TYPE_STRING and packet.decode_u32(4) <= packet.size() - 8:
		return str(bytes_to_var(packet))
	return packet.get_string_from_utf8()


func _cause(socket: WebSocketPeer) -> String:
	if socket.get_close_code() < 0:
		return "the connection is lost"
	var reason := Texts.one_line(socket.get_close_reason(), 123)
	return "closed by the host (code %d)%s" % [socket.get_close_code(), "" if reason == "" else ": " + reason]
