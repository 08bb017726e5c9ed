//! kubectl reads each file that `build -o` writes back to the same objects as `build --emit json` prints. It stands for
//! k3s' manifest watcher, which decodes with the same library.

use serde_json::Value;

use crate::stack::{Folder, Ran, carried, command};
use crate::tools::{ROOT, kubectl, stdout};

/// The objects that kubectl reads in a folder, in the order of the files; `label` only asks it to print them.
fn read_back(folder: &Folder, below: &str) -> Vec<Value> {
    let names = folder.list(below);
    let mut objects = Vec::new();
    for name in names {
        let path = folder.at(&format!("{below}/{name}"));
        let text = stdout(kubectl().args(["label", "--local", "-o", "json", "read=back", "-f"]).arg(path));
        for object in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            let mut object = object.unwrap();
            let labels = object["metadata"]["labels"].as_object_mut().unwrap();
            assert_eq!(labels.remove("read"), Some("back".into()));
            if labels.is_empty() {
                object["metadata"].as_object_mut().unwrap().remove("labels");
            }
            objects.push(object);
        }
    }
    objects
}

#[test]
fn kubectl_reads_what_was_meant() {
    for stack in carried() {
        let folder = Folder::new();
        let run = |arguments: &str| {
            let ran = Ran::of(&mut command(std::path::Path::new(ROOT), arguments));
            assert_eq!(ran.status, 0, "{stack}: {}", ran.err);
            ran
        };
        run(&format!("build {stack} -o {}", folder.at("out").display()));
        let list: Value = serde_json::from_str(&run(&format!("build {stack} --emit json")).out).unwrap();
        let meant = list["items"].as_array().unwrap();
        folder.write("told/all.yaml", run(&format!("build {stack} --annotate")).out);
        for below in ["out", "told"] {
            let read = read_back(&folder, below);
            assert_eq!(read.len(), meant.len(), "{stack}");
            assert!(!read.is_empty(), "{stack}");
            for (read, meant) in read.iter().zip(meant) {
                assert_eq!(read, meant, "{stack}");
            }
        }
    }
}
