//! The TypeScript declarations of the package: those of wasm-bindgen, without what loads the module, and those of
//! `init`.

use anyhow::{Context, Result};

/// The first declaration of wasm-bindgen that is about loading. It and all that follow are not exported by the package.
const LOADING: &str = "\nexport type InitInput =";

/// `Symbol.dispose` of the classes is in this part of TypeScript's library.
const DISPOSABLE: &str = "/// <reference lib=\"esnext.disposable\" />\n\n";

/// Returns the declarations of the package.
pub fn with_init(bindgen: &str, init: &str) -> Result<String> {
    let (classes, _) = bindgen.split_once(LOADING).context("wasm-bindgen declares loading in another way")?;
    let classes = classes.lines().skip_while(|line| line.starts_with("/* ") || line.is_empty());
    let mut text = format!("{DISPOSABLE}{init}\n");
    let mut was_empty = true;
    for line in classes {
        // Between sections wasm-bindgen writes several empty lines.
        if !(line.is_empty() && was_empty) {
            text.push_str(line);
            text.push('\n');
        }
        was_empty = line.is_empty();
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loads_the_module_is_replaced() {
        let classes = "export class A {}\n\n\n\nexport class B {}";
        let bindgen = format!("/* a */\n/* b */\n\n{classes}\n\nexport type InitInput = URL;\nmore\n");
        let expected = format!("{DISPOSABLE}init();\n\nexport class A {{}}\n\nexport class B {{}}\n");
        assert_eq!(with_init(&bindgen, "init();\n").unwrap(), expected);
        assert!(with_init("export class A {}", "").is_err());
    }
}
