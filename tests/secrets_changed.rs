//! What kustomize's words do to Secrets shows none of their values: in no finding, and not where values came from.

use crate::stack::{Folder, STACK};

/// A Secret, and what may take a value from it.
const OBJECTS: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: HUNTER2}\n---\n\
                       apiVersion: v1\nkind: Secret\nmetadata: {name: l, annotations: {config.kubernetes.io/local-config: \"true\"}}\n\
                       stringData: {a: HUNTER2}\n---\n\
                       apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: \"x:y\"}\n";

const TEST: &str = "[{op: test, path: /stringData/a, value: HUNTER3}]";
const SET: &str = "{stringData: {a: HUNTER3}}";
const SET_TOO: &str = "{stringData: {a: HUNTER4}}";
const TYPO: &str = "[{op: replase, path: /stringData/a, value: HUNTER3}]";

const COPY: &str = "replacements: [{source: {kind: Secret, name: s, fieldPath: stringData.a}, \
                    targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.a]}]}]";

/// Words of a kustomization; `#T` and its like stand for the patches above.
const CASES: [&str; 45] = [
    "patches: [{target: {kind: Secret, name: s}, patch: #T}]",
    "patches: [{target: {name: s}, patch: #T}]",
    "patches: [{target: {kind: Secret, name: s}, path: test.yaml}]",
    "patches: [{target: {name: s}, path: test.yaml}]",
    "patches: [{target: {name: s}, patch: #Y}]",
    "patches: [{target: {name: s}, path: typo.yaml}]",
    "patches: [{target: {kind: Secret, name: s}, patch: #S}, {target: {kind: Secret, name: s}, patch: #O}]",
    "patches: [{target: {name: s}, patch: #S}, {target: {labelSelector: \"!x\", kind: \"S.*\"}, patch: #O}]",
    "patches: [{target: {kind: Secret, name: s}, patch: {stringData: {a: HUNTER2}}}]",
    "patches: [{target: {kind: Secret, name: s}, patch: {stringData: [HUNTER3]}}]",
    "patches: [{target: {kind: Secret, name: s}, patch: {stringData: {a: {b: HUNTER3}}}}]",
    "patches: [{target: {kind: Secret, name: s}, patch: {password: HUNTER3}}]",
    "patches: [{target: {kind: Secret, name: z}, patch: #S}]",
    "patches: [{target: {kind: Secret, name: s}, patch: \"stringData: {a: HUNTER3\"}]",
    "patches: [{patch: \"{apiVersion: v1, kind: Secret, metadata: {name: z}, data: {a: HUNTER3}}\"}]",
    "patches: [{path: broken.yaml}]",
    "patches: [{target: {kind: Secret, name: s}, patch: [{op: add, path: /metadata/annotations, value: {}}, \
     {op: copy, from: /stringData/a, path: /metadata/annotations/a}]}]",
    "patches: [{target: {kind: Secret, name: s}, options: {allowKindChange: true}, \
     patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: t}, data: {a: HUNTER3}}}]",
    "patchesStrategicMerge: [{apiVersion: v1, kind: Secret, metadata: {name: z}, stringData: {a: HUNTER3}}]",
    "patchesStrategicMerge: [{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: [HUNTER3]}]",
    "patchesJson6902: [{target: {kind: Secret, name: s}, patch: #T}]",
    "secretGenerator: [{name: g, literals: [HUNTER3]}]",
    "secretGenerator: [{name: g, literals: [\"HUNTER3 =a\"]}]",
    "secretGenerator: [{name: g, literals: {a: HUNTER3}}]",
    "secretGenerator: [{name: g, literals: [{a: HUNTER3}]}]",
    "secretGenerator: [{name: g, literals: [a=HUNTER3, a=HUNTER4]}]",
    "secretGenerator: [{name: g, literals: [a=HUNTER3], literals: [a=HUNTER4]}]",
    "secretGenerator: [{name: g, literal: [a=HUNTER3]}]",
    "secretGenerator: [{name: g, stringData: {a: HUNTER3}}]",
    "secretGenerator: [{name: g, files: [a=b=HUNTER3]}]",
    "secretGenerator: [{name: g, envs: [lines.env]}]",
    "secretGenerator: [{name: s, literals: [a=HUNTER3]}]",
    "secretGenerator: [{name: g, behavior: add, literals: [a=HUNTER3]}]",
    "secretGenerator: HUNTER3",
    "secretGenerators: [{name: g, literals: [a=HUNTER3]}]",
    "secretGenerator: [{name: g, literals: [a=HUNTER3]]}]",
    "secretGenerator: [{name: g, literals: [\"a={{ z }}HUNTER3\"]}]",
    "replacements: [{source: {kind: Secret, name: s, fieldPath: stringData.a, options: {delimiter: \"-\", index: 9}}, \
     targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.a]}]}]",
    COPY,
    "replacements: [{source: {kind: Secret, name: l, fieldPath: stringData}, \
     targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data]}]}]",
    "replacements: [{source: {kind: Secret, name: s, fieldPath: stringData.a}, \
     targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.a], options: {delimiter: \":\", index: 1}}]}]",
    "replacements: [{sourceValue: HUNTER3, \
     targets: [{select: {kind: Secret, name: s}, fieldPaths: [stringData.z.z]}]}]",
    "secretGenerator: [{name: g, literals: [a=HUNTER3]}]\n\
     replacements: [{source: {kind: Secret, name: g, fieldPath: data.a}, \
     targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.a]}]}]",
    "secretGenerator: [{name: g, literals: [a=HUNTER3]}]\n\
     replacements: [{source: {kind: Secret, name: g, fieldPath: data.a}, \
     targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [metadata.labels.x], options: {create: true}}]}]",
    "secretGenerator: [{name: g, files: [a=test.yaml]}]\n\
     replacements: [{source: {kind: Secret, name: g, fieldPath: data.a}, \
     targets: [{select: {kind: ConfigMap, name: c}, fieldPaths: [data.a]}]}]",
];

/// The words as a kustomization, and as a stack's.
fn folder(words: &str) -> Folder {
    let words = words.replace("#T", TEST).replace("#S", SET).replace("#O", SET_TOO).replace("#Y", TYPO);
    let folder = Folder::demo().with("demo/manifests/o.yaml", OBJECTS).with("k/o.yaml", OBJECTS);
    folder.write("k/kustomization.yaml", format!("resources: [o.yaml]\n{words}\n"));
    let indented: String = words.lines().map(|line| format!("  {line}\n")).collect();
    folder.write("demo/stack.yaml", format!("{STACK}kustomize:\n{indented}"));
    for place in ["k", "demo"] {
        folder.write(&format!("{place}/test.yaml"), TEST);
        folder.write(&format!("{place}/typo.yaml"), TYPO);
        folder.write(&format!("{place}/lines.env"), "A=1\nHUNTER/3=\n");
        let broken = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: HUNTER3\n";
        folder.write(&format!("{place}/broken.yaml"), broken);
    }
    folder
}

/// A value, or its beginning in base64.
fn shows(text: &str) -> bool {
    ["HUNTER", "SFVOVEVS", "W3tvcDog"].iter().any(|secret| text.contains(secret))
}

#[test]
fn whatever_is_wrong_with_it_or_not() {
    for words in CASES {
        let folder = folder(words);
        for place in ["k", "demo"] {
            for command in [
                "check PLACE",
                "check PLACE --format json",
                "explain PLACE ConfigMap/c",
                "explain PLACE Secret/s",
            ] {
                let ran = folder.stackc(&command.replace("PLACE", place));
                assert!(!shows(&ran.out) && !shows(&ran.err), "{words}: {command} {place}: {ran:?}");
            }
            let built = folder.stackc(&format!("build {place} --annotate"));
            let notes =
                built.out.lines().filter_map(|line| line.split_once(" # ")).any(|(_, note)| shows(note));
            assert!(!notes && !shows(&built.err), "{words}: {place}: {built:?}");
        }
    }
}

#[test]
fn what_is_copied_is_hidden_where_it_goes() {
    let folder = folder(COPY).with("empty/x", "");
    for place in ["k", "demo"] {
        let told = folder.stackc(&format!("explain {place} ConfigMap/c data.a")).out;
        assert!(told.contains("data.a: (not shown)\n"), "{told}");
    }
    for form in ["text", "json", "markdown"] {
        let ran = folder.stackc(&format!("diff demo --against empty --format {form}"));
        assert!(ran.out.contains("ConfigMap") && !shows(&ran.out) && !shows(&ran.err), "{ran:?}");
    }
}

#[test]
fn literals_are_told_as_values_of_manifests_are() {
    let words = "secretGenerator: [{name: g, envs: [more.env], literals: [password=HUNTER3, user=me]}]";
    let folder = folder(words).with("demo/more.env", "A_KEY=HUNTER4\nB_KEY=HUNTER5\n");
    let told = folder.stackc("check demo").out;
    assert!(told.contains("the value of `password` of Secret default/g-"), "{told}");
    assert!(told.contains("the values of `A_KEY`, `B_KEY` of Secret default/g-"), "{told}");
    assert!(!told.contains("`user`") && !shows(&told), "{told}");
}
