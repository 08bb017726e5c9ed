//! What can be wrong with a kustomization.

use crate::finding::{Code, Finding, Page, Severity};
use crate::source::Span;

/// kustomize's file cannot be understood.
pub static KUSTOMIZATION_INVALID: Code = Code {
    name: "kustomization-invalid",
    severity: Severity::Error,
    page: Page {
        about: "The file is a kustomization, but something in it cannot be: a word that kustomize does not know, a\n\
                field that lacks what it needs, two fields that exclude each other.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\nsortOptions: {order: lifo}\n\
              # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\nsortOptions: {order: fifo}\n\
               # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
    },
};

/// What stackc does not do for a kustomization.
pub static KUSTOMIZATION_REFUSED: Code = Code {
    name: "kustomization-refused",
    severity: Severity::Error,
    page: Page {
        about: "kustomize can fetch bases from the network, start programs, inflate Helm charts and substitute\n\
                variables. What comes out depends on more than the files then, so stackc does none of it: the help\n\
                says what does the same.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\ntransformers: [plugin.yaml]\n\
              # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\ncommonAnnotations: {team: web}\n\
               # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
    },
};

/// A file or folder that a kustomization names.
pub static KUSTOMIZATION_PATH: Code = Code {
    name: "kustomization-path",
    severity: Severity::Error,
    page: Page {
        about: "A path in a kustomization leads to nothing, out of the folder (files lie in the kustomization's own\n\
                folder or below), out of the repository, or back to where it came from.",
        bad: "# kustomization.yaml\nresources: [wed.yaml]\n\
              # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\n\
               # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
    },
};

/// A resource that is no object.
pub static RESOURCE_INVALID: Code = Code {
    name: "resource-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A document among the resources of a kustomization that is no Kubernetes object: it lacks apiVersion,\n\
                kind or metadata.name.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\n# web.yaml\napiVersion: v1\nkind: ConfigMap\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\n\
               # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
    },
};

/// Two objects with one name.
pub static RESOURCE_DUPLICATE: Code = Code {
    name: "resource-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "Two objects of a kustomization have the same version, kind, namespace and name, from the start or\n\
                because its `namespace` or a patch made them equal. Only one of them could exist.",
        bad: "# kustomization.yaml\nresources: [a.yaml, b.yaml]\n\
              # a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n\
              # b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n",
        good: "# kustomization.yaml\nresources: [a.yaml, b.yaml]\n\
               # a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n\
               # b.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n",
    },
};

/// A patch that cannot be applied.
pub static PATCH_INVALID: Code = Code {
    name: "patch-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A patch that cannot be applied: an entry of a list without the key by which its entries are told\n\
                apart, an operation of a JSON patch on what is not there, neither kind of patch. kustomize drops\n\
                some of these without a word.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- target: {kind: Service}\n\
              \u{20} patch: |-\n    - {op: replace, path: /spec/typ, value: NodePort}\n\
              # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ClusterIP}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- target: {kind: Service}\n\
               \u{20} patch: |-\n    - {op: replace, path: /spec/type, value: NodePort}\n\
               # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ClusterIP}\n",
    },
};

/// A patch of an object that is not there.
pub static PATCH_NO_TARGET: Code = Code {
    name: "patch-no-target",
    severity: Severity::Error,
    page: Page {
        about: "A patch is for no object that is here, so what it asks for would silently not happen. A patch\n\
                without `target` is for the one object with its apiVersion, kind, name and namespace; the texts\n\
                of a `target` are regular expressions that must fit the whole name.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- target: {kind: Service, name: wed}\n\
              \u{20} patch: '[{op: add, path: /spec, value: {}}]'\n\
              # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- target: {kind: Service, name: web}\n\
               \u{20} patch: '[{op: add, path: /spec, value: {}}]'\n\
               # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n",
    },
};

/// A patch that changes nothing.
pub static PATCH_NO_CHANGE: Code = Code {
    name: "patch-no-change",
    severity: Severity::Warning,
    page: Page {
        about: "A patch was applied and every value was already what it asks for. It may be left over from an older\n\
                base; then it will one day undo a change of the base without anybody meaning it.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- target: {kind: Service}\n\
              \u{20} patch: '[{op: replace, path: /spec/type, value: ClusterIP}]'\n\
              # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ClusterIP}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\n\
               # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ClusterIP}\n",
    },
};

/// Two patches, one field.
pub static PATCH_OVERRIDDEN: Code = Code {
    name: "patch-overridden",
    severity: Severity::Warning,
    page: Page {
        about: "Two patches of one kustomization, or two entries of `images` or `replicas`, set the same field to\n\
                different values. The later one wins; the earlier one reads as if it did something.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n\
              - {path: a.yaml}\n- {path: b.yaml}\n\
              # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ClusterIP}\n\
              # a.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: NodePort}\n\
              # b.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- {path: b.yaml}\n\
               # web.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: ClusterIP}\n\
               # b.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: LoadBalancer}\n",
    },
};

/// A field that a patch drove out.
pub static FIELD_GAVE_WAY: Code = Code {
    name: "field-gave-way",
    severity: Severity::Note,
    page: Page {
        about: "A patch chooses one of several fields that exclude each other: a volume's source, a probe's handler,\n\
                `value` or `valueFrom`. The one that was there gives way, since the API refuses both. kustomize\n\
                and kubectl leave both.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\npatches: [{path: patch.yaml}]\n\
              # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {volumes: [{name: d, emptyDir: {}}]}\n\
              # patch.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
              spec: {volumes: [{name: d, hostPath: {path: /d}}]}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\npatches: [{path: patch.yaml}]\n\
               # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {volumes: [{name: d, emptyDir: {}}]}\n\
               # patch.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
               spec: {volumes: [{name: d, emptyDir: null, hostPath: {path: /d}}]}\n",
    },
};

/// A list of a custom kind that a patch replaced.
pub static LIST_REPLACED_WHOLE: Code = Code {
    name: "list-replaced-whole",
    severity: Severity::Note,
    page: Page {
        about: "A patch gives a list of a custom kind. Nothing says by which key its items are told apart, so the\n\
                patch's list takes the place of the whole list. If items should be merged, name the key in a schema\n\
                (`openapi`), or patch with JSON 6902.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\npatches: [{path: patch.yaml}]\n\
              # web.yaml\napiVersion: example.com/v1\nkind: Web\nmetadata: {name: web}\nspec: {hosts: [a]}\n\
              # patch.yaml\napiVersion: example.com/v1\nkind: Web\nmetadata: {name: web}\nspec: {hosts: [b]}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\npatches:\n- target: {kind: Web}\n\
               \u{20} patch: '[{op: add, path: /spec/hosts/-, value: b}]'\n\
               # web.yaml\napiVersion: example.com/v1\nkind: Web\nmetadata: {name: web}\nspec: {hosts: [a]}\n",
    },
};

/// An instruction for nothing.
pub static INSTRUCTION_NO_MATCH: Code = Code {
    name: "instruction-no-match",
    severity: Severity::Error,
    page: Page {
        about: "An entry of `images`, `replicas`, `replacements` or of the `fields` of `labels` is for nothing that is\n\
                here, so what it asks for would silently not happen. Most often a name has changed since.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\nimages: [{name: wed, newTag: \"2\"}]\n\
              # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
              spec: {containers: [{name: web, image: \"web:1\"}]}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\nimages: [{name: web, newTag: \"2\"}]\n\
               # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
               spec: {containers: [{name: web, image: \"web:1\"}]}\n",
    },
};

/// An instruction that found what it is for and changed nothing.
pub static INSTRUCTION_NO_CHANGE: Code = Code {
    name: "instruction-no-change",
    severity: Severity::Warning,
    page: Page {
        about: "An entry of `images` or `replicas` sets nothing, or sets what is there already. It may be left over from\n\
                an older base; then it will one day undo a change of the base without anybody meaning it.",
        bad: "# kustomization.yaml\nresources: [web.yaml]\nimages: [{name: web, newTag: \"1\"}]\n\
              # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
              spec: {containers: [{name: web, image: \"web:1\"}]}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\nimages: [{name: web, newTag: \"2\"}]\n\
               # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
               spec: {containers: [{name: web, image: \"web:1\"}]}\n",
    },
};

/// Labels that made several selectors one.
pub static SELECTORS_MADE_EQUAL: Code = Code {
    name: "selectors-made-equal",
    severity: Severity::Error,
    page: Page {
        about: "Labels that go into selectors took the place of what told them apart: two workloads now claim each\n\
                other's pods, or two Services send to the pods of both. Where no stack is, it is a warning.",
        bad: "# kustomization.yaml\nresources: [a.yaml, b.yaml]\ncommonLabels: {app: shop}\n\
              # a.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n\
              spec: {selector: {app: a}, ports: [{port: 80}]}\n\
              # b.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n\
              spec: {selector: {app: b}, ports: [{port: 80}]}\n",
        good: "# kustomization.yaml\nresources: [a.yaml, b.yaml]\ncommonLabels: {part-of: shop}\n\
               # a.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n\
               spec: {selector: {app: a}, ports: [{port: 80}]}\n\
               # b.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: b}\n\
               spec: {selector: {app: b}, ports: [{port: 80}]}\n",
    },
};

/// A replacement that cannot be.
pub static REPLACEMENT_INVALID: Code = Code {
    name: "replacement-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A replacement cannot be done: its source is no single object or has no such field, or a target has no\n\
                such field and may not make it (`options: {create: true}`).",
        bad: "# kustomization.yaml\nresources: [web.yaml]\nreplacements:\n\
              - source: {kind: ConfigMap, name: web, fieldPath: data.b}\n\
              \u{20} targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n\
              # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: x}\n",
        good: "# kustomization.yaml\nresources: [web.yaml]\nreplacements:\n\
               - source: {kind: ConfigMap, name: web, fieldPath: metadata.name}\n\
               \u{20} targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]\n\
               # web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: x}\n",
    },
};

/// A ConfigMap or Secret that cannot be made.
pub static GENERATOR_INVALID: Code = Code {
    name: "generator-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A ConfigMap or Secret cannot be generated: a text is not KEY=TEXT, a key stands twice or is none, what\n\
                it shall be merged with is not there.",
        bad: "# kustomization.yaml\nconfigMapGenerator: [{name: web, literals: [a]}]\n",
        good: "# kustomization.yaml\nconfigMapGenerator: [{name: web, literals: [a=b]}]\n",
    },
};

/// A name that could mean several objects.
pub static REFERENCE_AMBIGUOUS: Code = Code {
    name: "reference-ambiguous",
    severity: Severity::Error,
    page: Page {
        about: "A field names an object by what it was called, and several objects were called so and are called\n\
                differently now. Which one is meant cannot be known.",
        bad: "# kustomization.yaml\nresources: [a, b, web.yaml]\n\
              # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
              spec: {containers: [{name: c, envFrom: [{configMapRef: {name: x}}]}]}\n\
              # a/kustomization.yaml\nresources: [x.yaml]\nnamePrefix: a-\n\
              # a/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n\
              # b/kustomization.yaml\nresources: [x.yaml]\nnamePrefix: b-\n\
              # b/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
        good: "# kustomization.yaml\nresources: [a, b, web.yaml]\n\
               # web.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: web}\n\
               spec: {containers: [{name: c, envFrom: [{configMapRef: {name: a-x}}]}]}\n\
               # a/kustomization.yaml\nresources: [x.yaml]\nnamePrefix: a-\n\
               # a/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n\
               # b/kustomization.yaml\nresources: [x.yaml]\nnamePrefix: b-\n\
               # b/x.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
    },
};

/// Two instructions of one layer that set the same: the place of the one that wins, and of the other.
pub fn overridden(message: String, new: Span, old: Span) -> Finding {
    Finding::new(&PATCH_OVERRIDDEN, new, message)
        .label("this one wins")
        .also(old, "this has no effect")
        .help("leave one of them")
}
