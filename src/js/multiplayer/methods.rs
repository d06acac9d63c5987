//! `RpcMethods`: the methods of a node, as an object that is read strictly.

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
 * The methods of a node, by their names. Both ends must declare the same names.
 *
 *     client.addNode("Lobby", {
 *         // @rpc("any_peer", "call_local") func say(text: String)
 *         say: { caller: "any-peer", callLocal: true, parameters: ["String"] },
 *         // @rpc func move(to: Vector2, speed := 1.0)
 *         move: { parameters: ["Vector2", "float?"] },
 *     });
 */
export type RpcMethods = Readonly<Record<string, RpcMethod>>;

/** The declaration of one method: what Godot says with `@rpc`, and the types of its parameters. */
export interface RpcMethod {
    /** Who may call it: the node's authority, which is the server at first, every peer, or nobody. Default: `authority`. */
    readonly caller?: "authority" | "any-peer" | "disabled";
    /** Whether a call to all is also one to oneself. Default: false. */
    readonly callLocal?: boolean;
    /**
     * What it takes. Default: nothing. An optional one, with a `?`, may be null, or missing if all after it are.
     *
     * Arguments become what they are declared to be, those of `call()` and those that come. What Godot would not convert is
     * an error, or refused.
     */
    readonly parameters?: readonly RpcParameter[];
    /** Whether it takes further arguments, any number, of any type. Default: false. */
    readonly variadic?: boolean;
    /** Whether it was declared by `Node.rpc_config`, not by the node's script. Default: false. */
    readonly nodeLevel?: boolean;
    /** For people: a WebSocket has but one channel. Default: 0. */
    readonly channel?: number;
    /** For people: a WebSocket transfers everything reliably. Default: `reliable`. */
    readonly transfer?: "reliable" | "unreliable" | "unreliable-ordered";
}

/** The type of a parameter; with a `?` if it is optional. */
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
        let switch = || value.as_bool().ok_or_else(|| wrong("true or false"));
        match field.as_str() {
            "caller" => {
                method.caller =
                    caller(&value).ok_or_else(|| wrong("\"authority\", \"any-peer\" or \"nobody\""))?;
            }
            "callLocal" => method.call_local = switch()?,
            "parameters" => {
                let names = reflect::strings(&value)?.ok_or_else(|| wrong("an array of strings"))?;
                for (index, name) in names.iter().enumerate() {
                    let parameter = parameter(index, name).ok_or_else(|| {
                        wrong("the names of types of Godot's, with a `?` for what is optional")
                    })?;
                    method.parameters.push(parameter);
                }
            }
            "variadic" => method.variadic = switch()?,
            "nodeLevel" => method.node_level = switch()?,
            "channel" => method.channel = integer(&value).ok_or_else(|| wrong("a whole number"))?,
            "transfer" => {
                method.transfer = transfer(&value)
                    .ok_or_else(|| wrong("\"reliable\", \"unreliable\" or \"unreliable-ordered\""))?;
            }
            _ => return Err(Thrown::type_error(&format!("a method has no `{field}`, as `{name}` has"))),
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

/// A parameter; `None` if the text names no type.
fn parameter(index: usize, text: &str) -> Option<Parameter> {
    let name = text.strip_suffix('?').unwrap_or(text);
    let parameter = Parameter::typed(format!("argument {index}"), declared_type(name)?);
    Some(if name == text { parameter } else { parameter.optional() })
}
