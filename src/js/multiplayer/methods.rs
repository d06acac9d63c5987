//! `RpcMethods`: the methods of a node, as an object. Unknown fields are errors.

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

use crate::{
    js::{
        reflect,
        values::{Thrown, fields, integer},
        variant::declared_type,
    },
    multiplayer::{Caller, Method, Methods, Parameter, TransferMode},
};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/**
 * The methods of a node, by name. Both ends must declare the same names.
 *
 *     client.registerNode("Lobby", {
 *         // @rpc("any_peer", "call_local") func say(text: String)
 *         say: { caller: "any-peer", callLocal: true, parameters: ["String"] },
 *         // @rpc func move(to: Vector2, speed := 1.0)
 *         move: { parameters: ["Vector2", "float?"] },
 *     });
 */
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** The declaration of a method: what Godot declares with `@rpc`, and the types of its parameters. */
export interface RpcMethod {
    /** Who may call it: the node's authority (at first the server), every peer, or no peer. Default: `authority`. */
    readonly caller?: "authority" | "any-peer" | "disabled";
    /** Call it here, too, if this end is in the target of a call. Default: false. */
    readonly callLocal?: boolean;
    /**
     * The types of its parameters. Default: none. A type with a `?` is optional: the argument may be null, or may be
     * missing if all later ones are.
     *
     * Arguments are converted to these types, both those of `call()` and those received. Values that Godot would not
     * convert are an error in `call()`, and make a received call a rejected packet.
     */
    readonly parameters?: readonly RpcParameter[];
    /** Accept further arguments, any number, of any type. Default: false. */
    readonly variadic?: boolean;
    /** `true` if it is declared by `Node.rpc_config` in Godot, not by the node's script. Default: false. */
    readonly nodeLevel?: boolean;
    /** Without effect: a WebSocket has one channel. Default: 0. */
    readonly channel?: number;
    /** Without effect: a WebSocket transfers everything reliably. Default: `reliable`. */
    readonly transfer?: "reliable" | "unreliable" | "unreliable-ordered";
}

/** The type of a parameter, with a `?` if it is optional. */
export type RpcParameter = DeclaredType | `${DeclaredType}?`;
"#;

pub(super) fn read(given: &JsValue) -> Result<Methods, Thrown> {
    let methods = if given.is_undefined() { Vec::new() } else { fields("methods", given)? };
    methods.iter().try_fold(Methods::new(), |methods, (name, given)| Ok(methods.with(method(name, given)?)))
}

fn method(name: &str, given: &JsValue) -> Result<Method, Thrown> {
    let mut method = Method::new(name.to_owned());
    for (field, value) in fields(&format!("the method `{name}`"), given)? {
        let wrong = |wanted| Thrown::wrong_type(&format!("`{field}` of the method `{name}`"), wanted);
        let boolean = || value.as_bool().ok_or_else(|| wrong("true or false"));
        match field.as_str() {
            "caller" => {
                method.caller =
                    caller(&value).ok_or_else(|| wrong("\"authority\", \"any-peer\" or \"disabled\""))?;
            }
            "callLocal" => method.call_local = boolean()?,
            "parameters" => {
                let names = reflect::strings(&value)?.ok_or_else(|| wrong("an array of strings"))?;
                for (index, name) in names.iter().enumerate() {
                    let parameter = parameter(index, name)
                        .ok_or_else(|| wrong("names of Godot types, each with a `?` if it is optional"))?;
                    method.parameters.push(parameter);
                }
            }
            "variadic" => method.variadic = boolean()?,
            "nodeLevel" => method.node_level = boolean()?,
            "channel" => method.channel = integer(&value).ok_or_else(|| wrong("a whole number"))?,
            "transfer" => {
                method.transfer = transfer(&value)
                    .ok_or_else(|| wrong("\"reliable\", \"unreliable\" or \"unreliable-ordered\""))?;
            }
            _ => {
                return Err(Thrown::type_error(&format!(
                    "the method `{name}` has an unknown field `{field}`"
                )));
            }
        }
    }
    Ok(method)
}

fn caller(value: &JsValue) -> Option<Caller> {
    match value.as_string()?.as_str() {
        "authority" => Some(Caller::Authority),
        "any-peer" => Some(Caller::AnyPeer),
        "disabled" => Some(Caller::Disabled),
        _ => None,
    }
}

fn transfer(value: &JsValue) -> Option<TransferMode> {
    match value.as_string()?.as_str() {
        "reliable" => Some(TransferMode::Reliable),
        "unreliable" => Some(TransferMode::Unreliable),
        "unreliable-ordered" => Some(TransferMode::UnreliableOrdered),
        _ => None,
    }
}

/// Returns the parameter of this type; `None` if the text is not the name of a type.
fn parameter(index: usize, text: &str) -> Option<Parameter> {
    let name = text.strip_suffix('?').unwrap_or(text);
    let parameter = Parameter::typed(format!("argument {index}"), declared_type(name)?);
    Some(if name == text { parameter } else { parameter.optional() })
}
