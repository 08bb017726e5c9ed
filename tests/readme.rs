//! The README teaches by one growing example: its files are written and its commands run in the order of the page, and
//! each answer is compared.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tools::ROOT;

/// A fenced block: its language and its lines.
struct Block<'a> {
    language: &'a str,
    text: String,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut open = false;
    for line in page.lines() {
        if let Some(language) = line.strip_prefix("```") {
            open = !open;
            if open {
                blocks.push(Block { language, text: String::new() });
            }
        } else if open {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    blocks
}

/// `$ COMMAND` and what follows up to the next.
fn commands(text: &str) -> Vec<(&str, &str)> {
    text.split("$ ").skip(1).map(|part| part.split_once('\n').unwrap()).collect()
}

fn answer(folder: &Path, command: &str) -> String {
    let mut words = command.split_whitespace();
    assert_eq!(words.next(), Some("stackc"));
    let output = Command::new(env!("CARGO_BIN_EXE_stackc"))
        .args(words)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8(text).unwrap()
}

#[test]
fn every_step_answers_as_the_page_says() {
    let page = fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let folder = std::env::temp_dir().join(format!("stackc-readme-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (mut files, mut ran) = (0, 0);
    for block in blocks(&page) {
        let first = block.text.lines().next().unwrap_or_default();
        if let ("yaml", Some(path)) = (block.language, first.strip_prefix("# ")) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &block.text).unwrap();
            files += 1;
        }
        if block.language == "console" {
            for (command, expected) in commands(&block.text) {
                // A blank last line of an answer cannot be told from the end of the block.
                assert_eq!(answer(&folder, command).trim_end(), expected.trim_end(), "$ {command}");
                ran += 1;
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    assert!(files >= 6 && ran >= 6, "{files} files, {ran} commands");
}
