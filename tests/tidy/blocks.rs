//! The code blocks of a document.

/// A code block.
pub struct Block<'a> {
    /// The lines with text between the block before, or the start of the document, and this one.
    pub above: Vec<&'a str>,
    pub language: &'a str,
    pub text: String,
}

/// Returns the code blocks in their order.
pub fn blocks(document: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut above = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in document.lines() {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { above: std::mem::take(&mut above), language, text: String::new() });
            }
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text += &format!("{line}\n");
                open = Some(block);
            }
            (None, None) if !line.is_empty() => above.push(line),
            (None, None) => {}
        }
    }
    blocks
}
