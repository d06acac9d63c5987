//! The attribute of the contract's tests, for a module without wasm-bindgen.

use proc_macro::{TokenStream, TokenTree};

/// The beginnings of the names under which the module exports the contract's tests, and those of the interface.
const CONTRACT: &str = "contract_test_";
const INTERFACE: &str = "interface_test_";

/// Exports the test as `contract_test_NAME`, or with the argument `interface` as `interface_test_NAME`. The function
/// begins to run the test. The attribute has the name of wasm-bindgen's, so that one source serves both.
#[proc_macro_attribute]
pub fn wasm_bindgen_test(arguments: TokenStream, function: TokenStream) -> TokenStream {
    let prefix = if arguments.to_string() == "interface" { INTERFACE } else { CONTRACT };
    let mut tokens = function.clone().into_iter();
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
    let name = tokens.find(is_fn).and_then(|_| tokens.next()).expect("the attribute is for functions");
    let export = format!(
        "const _: () = {{
            // SAFETY: the names of tests are unique, as the linker checks.
            #[unsafe(no_mangle)]
            extern \"C\" fn {prefix}{name}() {{
                crate::run::begin({name}());
            }}
        }};"
    );
    let export: TokenStream = export.parse().expect("the text above is Rust");
    function.into_iter().chain(export).collect()
}
