//! Bombs: a small or a simple file that asks for much. Each is read, or refused with a finding, at once and within 64 MiB
//! beside its own bytes. `manifests/a.yaml` takes up to 64 MiB, an app 1 MiB.

use std::process::Command;

use crate::stack::{APP, Folder, Ran};

const OBJECT: &str = "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n";
const MIB: usize = 1 << 20;

/// Seconds of a processor: unlike a clock's, they are the same on a machine that does something else as well. A debug build
/// is ten times slower than what people run.
const SECONDS: u32 = if cfg!(debug_assertions) { 10 } else { 1 };

/// `check` of the small stack with this file, by a process that gets no more memory and time than it may.
fn bounded(path: &str, content: &str) -> Ran {
    let folder = Folder::demo().with(&format!("demo/{path}"), content);
    let kib = 64 * 1024 + content.len() / 1024;
    let mut shell = Command::new("sh");
    shell
        .arg("-c")
        .arg(format!("ulimit -d {kib} && ulimit -t {SECONDS} && exec \"$0\" check demo --format json"));
    Ran::of(shell.arg(env!("CARGO_BIN_EXE_stackc")).current_dir(folder.at("")))
}

/// Each file by its name, with the code that is found in it, or none.
fn hold(path: &str, bombs: Vec<(&str, String, &str)>) {
    for (name, content, code) in bombs {
        let ran = bounded(path, &content);
        let codes = ran.codes();
        let expected: Vec<&str> = if code.is_empty() { vec![] } else { vec![code] };
        assert_eq!(codes.iter().map(String::as_str).take(1).collect::<Vec<_>>(), expected, "{name}");
    }
}

/// `a` of the object, with lines of its own before it.
fn object(value: &str) -> String {
    format!("{OBJECT}a: {value}\n")
}

/// Ten lists of ten aliases, each of the list before.
fn laughs() -> String {
    let line =
        |number: usize| format!("a{number}: &a{number} [{}]\n", format!("*a{} ,", number - 1).repeat(10));
    let lines: String = (1..10).map(line).collect();
    format!("a0: &a0 [x]\n{lines}")
}

#[test]
fn aliases_and_anchors() {
    let items = "x,".repeat(100_000);
    let text = "x".repeat(MIB - 100);
    let deep = |number: usize| {
        format!("a{number}: &a{number} {}*a{} {}\n", "[".repeat(100), number - 1, "]".repeat(100))
    };
    let merges = |number: usize| format!("a{number}: &a{number} {{<<: *a{}, k{number}: 1}}\n", number - 1);
    let keys: String = (0..30_000).map(|number| format!("k{number}: 1, ")).collect();
    let anchors: String = (0..100_000).map(|number| format!("&a{number} x, ")).collect();
    hold(
        "manifests/a.yaml",
        vec![
            ("billion laughs", format!("{OBJECT}{}", laughs()), "yaml-limit"),
            (
                "one list many times",
                format!("{OBJECT}b: &b [{items}]\nc: [{}]\n", "*b ,".repeat(999)),
                "yaml-limit",
            ),
            (
                "one text many times",
                format!("{OBJECT}b: &b {text}\nc: [{}]\n", "*b ,".repeat(999)),
                "yaml-limit",
            ),
            (
                "anchors around one list",
                object(&format!("{}{items}{}", "&a [".repeat(100), "]".repeat(100))),
                "yaml-limit",
            ),
            (
                "aliases in anchors, deep",
                format!("{OBJECT}pad: [{items}]\na0: &a0 [x]\n{}", (1..999).map(deep).collect::<String>()),
                "yaml-limit",
            ),
            (
                "merges of merges",
                format!("{OBJECT}a0: &a0 {{x: 1}}\n{}", (1..900).map(merges).collect::<String>()),
                "yaml-limit",
            ),
            ("a large map merged", format!("{OBJECT}b: &b {{{keys}}}\nc: {{<<: *b, k1: 2}}\n"), ""),
            ("many anchors", object(&format!("[{anchors}]")), ""),
            ("an alias of what holds it", object("&a [*a ]"), "yaml-alias"),
        ],
    );
    hold("apps/web.yaml", vec![("billion laughs", format!("{APP}{}", laughs()), "yaml-limit")]);
}

#[test]
fn nesting() {
    let of = |piece: &str| object(&piece.repeat(100_000));
    hold(
        "manifests/a.yaml",
        vec![
            ("[", of("["), "yaml-limit"),
            ("{a: ", of("{a: "), "yaml-limit"),
            ("- - -", "- ".repeat(100_000), "yaml-limit"),
            ("? ? ?", "? ".repeat(100_000), "key-not-text"),
            (": : :", ": ".repeat(100_000), "key-not-text"),
            ("&a &a", of("&a "), "yaml-syntax"),
            ("! ! !", of("! "), "yaml-syntax"),
            ("\" \" \"", of("\" "), "yaml-syntax"),
            (
                "maps in maps, then nothing but line ends",
                format!(
                    "{OBJECT}{}x\n{}",
                    (0..120)
                        .map(|depth| format!("{}k:\n{}", " ".repeat(depth), " ".repeat(depth + 1)))
                        .collect::<String>(),
                    "\n".repeat(4 * MIB)
                ),
                "yaml-syntax",
            ),
        ],
    );
}

#[test]
fn length() {
    let long = |piece: &str| piece.repeat(16 * MIB / piece.len());
    hold(
        "manifests/a.yaml",
        vec![
            ("a quoted text", object(&format!("\"{}\"", long("x"))), "yaml-limit"),
            ("a plain text", object(&long("x")), "yaml-limit"),
            ("a block of text", object(&format!("|\n{}", long("  x\n"))), "yaml-limit"),
            ("a key", format!("{OBJECT}{}: a\n", long("x")), "yaml-syntax"),
            ("a key behind a question mark", format!("{OBJECT}? \"{}\"\n: a\n", long("x")), "yaml-limit"),
            ("a comment", format!("{OBJECT}# {}\n", long("c")), ""),
            ("comments", format!("{OBJECT}{}", long("# c\n")), ""),
            ("blanks", object(&long(" ")), ""),
            ("line ends", format!("{OBJECT}{}", long("\n")), ""),
            ("carriage returns", format!("{OBJECT}{}", long("\r")), ""),
        ],
    );
}

/// Beginnings of secrets without their end, in a text of a ConfigMap: each is looked for, and hidden around the error.
#[test]
fn beginnings_of_secrets() {
    for piece in [
        "eyJ.",
        "eyJ-",
        "eyJhbGciOiJ.",
        "xoxb-",
        "a://b:",
        "a:b@",
        "-----BEGIN ",
        "password: {",
        "password=\"x ",
        "name:value:",
        "value: x, name: TOKEN, ",
        "$2y$",
        "Basic ",
        "<password>",
        "-u a:",
        "define(",
        "12345678:AA",
    ] {
        let text = piece.repeat(900_000 / piece.len());
        let bombs = vec![(
            piece,
            format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\nimmutable: 1\ndata:\n  a: |\n    {text}\n"
            ),
            "field-refused",
        )];
        hold("manifests/a.yaml", bombs);
    }
}

#[test]
fn many() {
    let list = |piece: &str| object(&format!("[{}]", piece.repeat(100_000)));
    hold(
        "manifests/a.yaml",
        vec![
            ("items", list("1,"), ""),
            ("items on lines", format!("{OBJECT}a:\n{}", "- 1\n".repeat(100_000)), ""),
            ("equal keys", object(&format!("{{{}}}", "a: 1, ".repeat(100_000))), "key-duplicate"),
            ("empty documents", format!("{OBJECT}{}", "---\n".repeat(100_000)), ""),
            ("ends of documents", "...\n".repeat(100_000), "yaml-document"),
            ("controls", "\u{1}".repeat(100_000), "yaml-character"),
            ("foreign escapes", list("\"\\/\","), "yaml-syntax"),
            ("tabs", format!("{OBJECT}a:\n{}", "-\ta\n".repeat(100_000)), "yaml-syntax"),
            ("tags that ask for something else", list("!!int x,"), "yaml-syntax"),
        ],
    );
    let lines = |line: &dyn Fn(usize) -> String| (0..24_000).map(line).collect::<String>();
    hold(
        "apps/web.yaml",
        vec![
            ("env", format!("{APP}env:\n{}", lines(&|n| format!("  K{n}: a\n"))), ""),
            (
                "volumes",
                format!("{APP}volumes:\n{}", lines(&|n| format!("  /v{n}: {{emptyDir: {{}}}}\n"))),
                "",
            ),
            ("templates", format!("{APP}args: [{}]\n", "\"{{ domain }}\",".repeat(60_000)), ""),
            (
                "unknown names",
                format!("{APP}args: [{}]\n", "\"{{ dom }}\",".repeat(60_000)),
                "template-unknown-name",
            ),
            (
                "a loop in a loop",
                format!("{APP}args: [\"{}\"]\n", "{% for a in domain %}".repeat(50)),
                "template-invalid",
            ),
        ],
    );
}
