//! How a strategic merge patch meets the lists and maps of Kubernetes' types: by which key the items of a list are told
//! apart, what is replaced as a whole, which fields exclude each other.
//!
//! Rows are `x-kubernetes-patch-merge-key` and `x-kubernetes-patch-strategy` of Kubernetes' OpenAPI from 1.25 to 1.37 (the
//! project's facts page on kustomize, 3, and its table of merge keys by version). Two differ from the letter: ports are
//! known by number and protocol, and spread constraints by both of their list-map keys, since the one merge key would
//! overwrite the wrong twin. What has no row is replaced if it is a list and merged if it is a map.
//! Traefik's rows are this project's: a custom kind has no merge keys.

/// What a field does with a patch.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// A list is replaced, a map merged.
    Plain,
    /// A list whose items are known by these fields; what a field is when it is left out stands beside it.
    Keyed(Keys),
    /// A list of scalars that are added.
    Set,
    /// Replaced, though it is a map.
    Replace,
}

/// The fields that tell items apart. The first must be written; the others have a default, or match anything.
pub type Keys = &'static [(&'static str, Absent)];

/// What stands for a key that is not written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absent {
    /// It has to be written.
    Refused,
    /// This text.
    Is(&'static str),
    /// Any item will do.
    Any,
}

/// Fields of which one excludes the others: the API refuses two.
#[derive(Clone, Copy, Debug)]
pub enum Union {
    /// None.
    No,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// One of all but these.
    AllBut(&'static [&'static str]),
    /// `rollingUpdate` goes with `type: RollingUpdate` alone.
    Rolling,
}

/// What Kubernetes says of a type: only fields on the way to something.
#[derive(Debug)]
pub struct Type {
    fields: &'static [Field],
    /// Fields that exclude each other.
    pub union: Union,
}

#[derive(Clone, Copy, Debug)]
struct Field {
    name: &'static str,
    /// The first minor of Kubernetes 1 that has the row.
    since: u16,
    how: How,
    inner: &'static Type,
}

impl Type {
    const fn of(fields: &'static [Field]) -> Type {
        Type { fields, union: Union::No }
    }

    const fn choice(union: Union) -> Type {
        Type { fields: &[], union }
    }

    /// What a field does in a minor of Kubernetes, and the type of its value, or of its items.
    pub fn field(&'static self, name: &str, minor: u16) -> (How, &'static Type) {
        let row = self.fields.iter().find(|field| field.name == name);
        match row {
            Some(field) if field.since <= minor => (field.how, field.inner),
            Some(field) if matches!(field.how, How::Plain) => (How::Plain, field.inner),
            _ => (How::Plain, &UNKNOWN),
        }
    }
}

/// The type of a whole object.
pub fn type_of(group: &str, kind: &str) -> &'static Type {
    ROOTS.iter().find(|row| row.0 == group && row.1 == kind).map_or(&OBJECT, |row| row.2)
}

/// Whether stackc knows the lists of this kind, so that a list without a key is replaced on purpose.
pub fn is_kubernetes(group: &str) -> bool {
    const OWN: [&str; 6] = ["", "apps", "batch", "autoscaling", "policy", "extensions"];
    OWN.contains(&group) || group.ends_with(".k8s.io")
}

const fn into(name: &'static str, inner: &'static Type) -> Field {
    Field { name, since: 0, how: How::Plain, inner }
}

const fn keyed(name: &'static str, keys: Keys, inner: &'static Type) -> Field {
    Field { name, since: 0, how: How::Keyed(keys), inner }
}

const fn set(name: &'static str) -> Field {
    Field { name, since: 0, how: How::Set, inner: &UNKNOWN }
}

const fn replaced(name: &'static str) -> Field {
    Field { name, since: 0, how: How::Replace, inner: &UNKNOWN }
}

/// A row that came with a minor of Kubernetes.
const fn since(since: u16, field: Field) -> Field {
    Field { since, ..field }
}

const NAME: Keys = &[("name", Absent::Refused)];
const TYPE: Keys = &[("type", Absent::Refused)];

static UNKNOWN: Type = Type::of(&[]);
static META: Type =
    Type::of(&[set("finalizers"), keyed("ownerReferences", &[("uid", Absent::Refused)], &UNKNOWN)]);
static OBJECT: Type = Type::of(&[into("metadata", &META)]);

static CONDITIONS: Type = Type::of(&[keyed("conditions", TYPE, &UNKNOWN)]);

static VOLUME: Type = Type::choice(Union::AllBut(&["name"]));
static ENV: Type = Type::choice(Union::OneOf(&["value", "valueFrom"]));
static HANDLER: Type = Type::choice(Union::OneOf(&["exec", "grpc", "httpGet", "sleep", "tcpSocket"]));
static LIFECYCLE: Type = Type::of(&[into("postStart", &HANDLER), into("preStop", &HANDLER)]);
static STRATEGY: Type = Type::choice(Union::Rolling);

static CONTAINER: Type = Type::of(&[
    keyed("ports", &[("containerPort", Absent::Refused), ("protocol", Absent::Is("TCP"))], &UNKNOWN),
    keyed("env", NAME, &ENV),
    keyed("volumeMounts", &[("mountPath", Absent::Refused)], &UNKNOWN),
    keyed("volumeDevices", &[("devicePath", Absent::Refused)], &UNKNOWN),
    into("livenessProbe", &HANDLER),
    into("readinessProbe", &HANDLER),
    into("startupProbe", &HANDLER),
    into("lifecycle", &LIFECYCLE),
]);

static POD_SPEC: Type = Type::of(&[
    keyed("containers", NAME, &CONTAINER),
    keyed("initContainers", NAME, &CONTAINER),
    keyed("ephemeralContainers", NAME, &CONTAINER),
    keyed("volumes", NAME, &VOLUME),
    keyed("imagePullSecrets", NAME, &UNKNOWN),
    keyed("hostAliases", &[("ip", Absent::Refused)], &UNKNOWN),
    keyed(
        "topologySpreadConstraints",
        &[("topologyKey", Absent::Refused), ("whenUnsatisfiable", Absent::Any)],
        &UNKNOWN,
    ),
    since(26, keyed("resourceClaims", NAME, &UNKNOWN)),
    since(26, keyed("schedulingGates", NAME, &UNKNOWN)),
    since(37, keyed("evictionResponders", NAME, &UNKNOWN)),
]);

static POD: Type = Type::of(&[into("metadata", &META), into("spec", &POD_SPEC), into("status", &CONDITIONS)]);
static WORKLOAD_SPEC: Type =
    Type::of(&[into("template", &POD), into("strategy", &STRATEGY), into("updateStrategy", &STRATEGY)]);
static WORKLOAD: Type =
    Type::of(&[into("metadata", &META), into("spec", &WORKLOAD_SPEC), into("status", &CONDITIONS)]);
static JOB_TEMPLATE: Type = Type::of(&[into("metadata", &META), into("spec", &WORKLOAD_SPEC)]);
static CRON_JOB_SPEC: Type = Type::of(&[into("jobTemplate", &JOB_TEMPLATE)]);
static CRON_JOB: Type = Type::of(&[into("metadata", &META), into("spec", &CRON_JOB_SPEC)]);
static POD_TEMPLATE: Type = Type::of(&[into("metadata", &META), into("template", &POD)]);

static SERVICE_SPEC: Type =
    Type::of(&[keyed("ports", &[("port", Absent::Refused), ("protocol", Absent::Is("TCP"))], &UNKNOWN)]);
static SERVICE: Type =
    Type::of(&[into("metadata", &META), into("spec", &SERVICE_SPEC), into("status", &CONDITIONS)]);
static SERVICE_ACCOUNT: Type = Type::of(&[into("metadata", &META), keyed("secrets", NAME, &UNKNOWN)]);

static BUDGET_SPEC: Type = Type::of(&[replaced("selector")]);
static BUDGET: Type =
    Type::of(&[into("metadata", &META), into("spec", &BUDGET_SPEC), into("status", &CONDITIONS)]);

static WEBHOOK: Type = Type::of(&[since(27, keyed("matchConditions", NAME, &UNKNOWN))]);
static WEBHOOKS: Type = Type::of(&[into("metadata", &META), keyed("webhooks", NAME, &WEBHOOK)]);
static ADMISSION_SPEC: Type = Type::of(&[
    since(27, keyed("matchConditions", NAME, &UNKNOWN)),
    since(28, keyed("variables", NAME, &UNKNOWN)),
]);
static MUTATION_SPEC: Type = Type::of(&[since(32, keyed("matchConditions", NAME, &UNKNOWN))]);
static ADMISSION: Type = Type::of(&[into("metadata", &META), into("spec", &ADMISSION_SPEC)]);
static MUTATION: Type = Type::of(&[into("metadata", &META), into("spec", &MUTATION_SPEC)]);

static NODE_SPEC: Type = Type::of(&[set("podCIDRs")]);
static NODE_STATUS: Type =
    Type::of(&[keyed("conditions", TYPE, &UNKNOWN), keyed("addresses", TYPE, &UNKNOWN)]);
static NODE: Type =
    Type::of(&[into("metadata", &META), into("spec", &NODE_SPEC), into("status", &NODE_STATUS)]);
static CSI_NODE_SPEC: Type = Type::of(&[keyed("drivers", NAME, &UNKNOWN)]);
static CSI_NODE: Type = Type::of(&[into("metadata", &META), into("spec", &CSI_NODE_SPEC)]);
static STATUS: Type = Type::of(&[into("metadata", &META), into("status", &CONDITIONS)]);

static ROUTE: Type = Type::of(&[
    keyed("services", &[("name", Absent::Refused), ("port", Absent::Any)], &UNKNOWN),
    keyed("middlewares", &[("name", Absent::Refused), ("namespace", Absent::Any)], &UNKNOWN),
]);
static ROUTES: Type = Type::of(&[keyed("routes", &[("match", Absent::Refused)], &ROUTE)]);
static INGRESS_ROUTE: Type = Type::of(&[into("metadata", &META), into("spec", &ROUTES)]);

/// API group, kind, type.
static ROOTS: &[(&str, &str, &Type)] = &[
    ("apps", "Deployment", &WORKLOAD),
    ("apps", "StatefulSet", &WORKLOAD),
    ("apps", "DaemonSet", &WORKLOAD),
    ("apps", "ReplicaSet", &WORKLOAD),
    ("batch", "Job", &WORKLOAD),
    ("batch", "CronJob", &CRON_JOB),
    ("", "Pod", &POD),
    ("", "ReplicationController", &WORKLOAD),
    ("", "PodTemplate", &POD_TEMPLATE),
    ("", "Service", &SERVICE),
    ("", "ServiceAccount", &SERVICE_ACCOUNT),
    ("", "Node", &NODE),
    ("", "Namespace", &STATUS),
    ("", "PersistentVolumeClaim", &STATUS),
    ("policy", "PodDisruptionBudget", &BUDGET),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", &WEBHOOKS),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", &WEBHOOKS),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy", &ADMISSION),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy", &MUTATION),
    ("storage.k8s.io", "CSINode", &CSI_NODE),
    ("apiregistration.k8s.io", "APIService", &STATUS),
    ("autoscaling", "HorizontalPodAutoscaler", &STATUS),
    ("traefik.io", "IngressRoute", &INGRESS_ROUTE),
    ("traefik.io", "IngressRouteTCP", &INGRESS_ROUTE),
    ("traefik.containo.us", "IngressRoute", &INGRESS_ROUTE),
    ("traefik.containo.us", "IngressRouteTCP", &INGRESS_ROUTE),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_holds_from_its_minor_on() {
        let (_, spec) = type_of("", "Pod").field("spec", 25);
        assert!(matches!(spec.field("resourceClaims", 25).0, How::Plain));
        assert!(matches!(spec.field("resourceClaims", 26).0, How::Keyed(_)));
        assert!(matches!(spec.field("tolerations", 37).0, How::Plain));
    }

    #[test]
    fn pods_of_every_workload_are_reached() {
        let pods = [
            ("apps", "Deployment", &["spec", "template", "spec"][..]),
            ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
            ("", "PodTemplate", &["template", "spec"]),
            ("", "Pod", &["spec"]),
        ];
        for (group, kind, path) in pods {
            let spec = path.iter().fold(type_of(group, kind), |of, key| of.field(key, 37).1);
            assert!(matches!(spec.field("containers", 37).0, How::Keyed(_)), "{kind}");
        }
        assert!(matches!(
            type_of("example.com", "Thing").field("metadata", 37).1.field("finalizers", 37).0,
            How::Set
        ));
    }
}
