//! The rows: fields of objects by kind, of pods and of containers. To add one: its path and what it takes.

use super::Takes::{
    Amount, AtLeast, Between, Entries, Fields, Hidden, Items, Map, Needs, Only, Port, Text, Truth, Whole, Words,
};
use super::whole::{handlers, keys_apart, least_and_most, one_bound, one_origin, one_source, one_value, own_namespace, ports_named, strategy};
use super::text::{
    above_zero, absolute, address, any, base64, capability, cluster_ip, cron, cron_name, field_path, ingress_host, inside,
    maybe_address, maybe_key, maybe_name, medium, memory, mount_path, prefix, processors, quantity, range, resource, variable, zone,
};
use super::{Row, Rule, Takes};
use crate::kube::names;

const PROTOCOLS: Takes = Words(&["TCP", "UDP", "SCTP"]);
const POLICIES: Takes = Words(&["Cluster", "Local"]);
const PROFILES: Takes = Words(&["RuntimeDefault", "Unconfined", "Localhost"]);
const ACCESS: Takes = Words(&["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]);
const VOLUME_MODES: Takes = Words(&["Filesystem", "Block"]);
const LABELS: Takes = Entries(names::label_key, &Text(names::label_value));
const AMOUNTS: Takes = Entries(any, &Amount(quantity));

/// Of all objects of Kubernetes and of others alike.
pub(super) const METADATA: &[Row] = &[(
    &["metadata"],
    Fields(&[
        (&["labels"], LABELS),
        (&["annotations"], Entries(names::label_key, &Text(any))),
        (&["namespace"], Text(names::dns_label)),
    ]),
)];

/// Of what makes pods, beside their spec.
const SELECTOR: Takes = Fields(&[
    (&["matchLabels"], LABELS),
    (&["matchExpressions", "*"], Needs(&["key", "operator"])),
    (&["matchExpressions", "*", "operator"], Words(&["In", "NotIn", "Exists", "DoesNotExist"])),
]);

/// Of a pod's template.
pub(super) const TEMPLATE: &[Row] =
    &[(&["metadata", "labels"], LABELS), (&["metadata", "annotations"], Entries(names::label_key, &Text(any)))];

/// Of a pod's spec.
pub(super) const POD: &[Row] = &[
    (&["activeDeadlineSeconds"], AtLeast(1)),
    (&["automountServiceAccountToken"], Truth),
    (&["containers"], Items),
    (&["containers", "*"], Needs(&["name"])),
    (&["dnsConfig", "nameservers", "*"], Text(address)),
    (&["dnsPolicy"], Words(&["ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"])),
    (&["enableServiceLinks"], Truth),
    (&["hostAliases", "*", "hostnames", "*"], Text(names::dns_subdomain)),
    (&["hostAliases", "*", "ip"], Text(address)),
    (&["hostIPC"], Truth),
    (&["hostNetwork"], Truth),
    (&["hostPID"], Truth),
    (&["hostname"], Text(names::dns_label)),
    (&["imagePullSecrets", "*", "name"], Text(names::dns_subdomain)),
    (&["initContainers", "*"], Needs(&["name"])),
    (&["priorityClassName"], Text(names::dns_subdomain)),
    (&["restartPolicy"], Words(&["Always", "OnFailure", "Never"])),
    (&["runtimeClassName"], Text(names::dns_subdomain)),
    (
        &["securityContext"],
        Fields(&[
            (&["appArmorProfile", "type"], PROFILES),
            (&["fsGroup"], AtLeast(0)),
            (&["fsGroupChangePolicy"], Words(&["OnRootMismatch", "Always"])),
            (&["runAsGroup"], AtLeast(0)),
            (&["runAsNonRoot"], Truth),
            (&["runAsUser"], AtLeast(0)),
            (&["seLinuxChangePolicy"], Words(&["Recursive", "MountOption"])),
            (&["seccompProfile", "type"], PROFILES),
            (&["supplementalGroupsPolicy"], Words(&["Merge", "Strict"])),
        ]),
    ),
    (&["serviceAccountName"], Text(names::dns_subdomain)),
    (&["subdomain"], Text(names::dns_label)),
    (&["terminationGracePeriodSeconds"], AtLeast(0)),
    (
        &["topologySpreadConstraints", "*"],
        Fields(&[
            (&["maxSkew"], AtLeast(1)),
            (&["topologyKey"], Text(names::label_key)),
            (&["whenUnsatisfiable"], Words(&["DoNotSchedule", "ScheduleAnyway"])),
        ]),
    ),
    (&["volumes", "*"], Fields(VOLUME)),
];

const VOLUME: &[Row] = &[
    (&[], Needs(&["name"])),
    (&[], Whole(one_source)),
    (&["configMap", "defaultMode"], Between(0, 0o777)),
    (&["configMap", "name"], Text(names::dns_subdomain)),
    (&["emptyDir", "medium"], Text(medium)),
    (&["emptyDir", "sizeLimit"], Amount(quantity)),
    (&["hostPath"], Needs(&["path"])),
    (
        &["hostPath", "type"],
        Words(&[
            "",
            "DirectoryOrCreate",
            "Directory",
            "FileOrCreate",
            "File",
            "Socket",
            "CharDevice",
            "BlockDevice",
        ]),
    ),
    (&["name"], Text(names::dns_label)),
    (&["nfs"], Needs(&["server", "path"])),
    (&["nfs", "path"], Text(absolute)),
    (&["persistentVolumeClaim"], Needs(&["claimName"])),
    (&["persistentVolumeClaim", "claimName"], Text(names::dns_subdomain)),
    (&["secret", "defaultMode"], Between(0, 0o777)),
    (&["secret", "secretName"], Text(names::dns_subdomain)),
];

/// Names of variables.
pub(super) const ENV_NAMES: &[Row] = &[(&["env", "*", "name"], Text(variable))];
/// The same before Kubernetes 1.32.
pub(super) const ENV_NAMES_OLD: &[Row] = &[(&["env", "*", "name"], Text(names::env_name))];

/// Of each container.
pub(super) const CONTAINER: &[Row] = &[
    (&["args", "*"], Text(any)),
    (&["command", "*"], Text(any)),
    (&["env", "*"], Fields(ENV)),
    (&["envFrom", "*", "prefix"], Text(prefix)),
    (&["imagePullPolicy"], Words(&["Always", "IfNotPresent", "Never"])),
    (&["lifecycle", "postStart"], HANDLER),
    (&["lifecycle", "preStop"], HANDLER),
    (&["livenessProbe"], PROBE),
    (&["livenessProbe", "successThreshold"], Only(1)),
    (&["name"], Text(names::dns_label)),
    (
        &["ports", "*"],
        Fields(&[
            (&[], Needs(&["containerPort"])),
            (&["containerPort"], Between(1, 65535)),
            (&["hostIP"], Text(maybe_address)),
            (&["hostPort"], Between(0, 65535)),
            (&["name"], Text(names::port_name)),
            (&["protocol"], PROTOCOLS),
        ]),
    ),
    (&["readinessProbe"], PROBE),
    (&["resources", "limits"], AMOUNTS),
    (&["resources", "limits", "cpu"], Amount(processors)),
    (&["resources", "limits", "memory"], Amount(memory)),
    (&["resources", "requests"], AMOUNTS),
    (&["resources", "requests", "cpu"], Amount(processors)),
    (&["resources", "requests", "memory"], Amount(memory)),
    (
        &["securityContext"],
        Fields(&[
            (&["allowPrivilegeEscalation"], Truth),
            (&["appArmorProfile", "type"], PROFILES),
            (&["capabilities", "add", "*"], Text(capability)),
            (&["capabilities", "drop", "*"], Text(capability)),
            (&["privileged"], Truth),
            (&["procMount"], Words(&["Default", "Unmasked"])),
            (&["readOnlyRootFilesystem"], Truth),
            (&["runAsGroup"], AtLeast(0)),
            (&["runAsNonRoot"], Truth),
            (&["runAsUser"], AtLeast(0)),
            (&["seccompProfile", "type"], PROFILES),
        ]),
    ),
    (&["startupProbe"], PROBE),
    (&["startupProbe", "successThreshold"], Only(1)),
    (
        &["volumeMounts", "*"],
        Fields(&[
            (&[], Needs(&["name", "mountPath"])),
            (&["mountPath"], Text(mount_path)),
            (&["mountPropagation"], Words(&["None", "HostToContainer", "Bidirectional"])),
            (&["readOnly"], Truth),
            (&["subPath"], Text(inside)),
        ]),
    ),
];

const ENV: &[Row] = &[
    (&[], Needs(&["name"])),
    (&[], Whole(one_value)),
    (&["value"], Text(any)),
    (
        &["valueFrom"],
        Fields(&[
            (&[], Whole(one_origin)),
            (&["configMapKeyRef"], Needs(&["key"])),
            (&["fieldRef", "fieldPath"], Text(field_path)),
            (&["resourceFieldRef", "resource"], Text(resource)),
            (&["secretKeyRef"], Needs(&["key"])),
        ]),
    ),
];

const HANDLER: Takes = Fields(&[
    (&["httpGet"], Needs(&["port"])),
    (&["httpGet", "port"], Port),
    (&["httpGet", "scheme"], Words(&["HTTP", "HTTPS"])),
    (&["tcpSocket"], Needs(&["port"])),
    (&["tcpSocket", "port"], Port),
]);

const PROBE: Takes = Fields(&[
    (&[], HANDLER),
    (&[], Whole(handlers)),
    (&["failureThreshold"], AtLeast(0)),
    (&["grpc", "port"], Between(1, 65535)),
    (&["initialDelaySeconds"], AtLeast(0)),
    (&["periodSeconds"], AtLeast(0)),
    (&["successThreshold"], AtLeast(0)),
    (&["timeoutSeconds"], AtLeast(0)),
]);

/// A pod for good.
const LASTING: &[Row] = &[
    (&[], Needs(&["selector", "template"])),
    (&["minReadySeconds"], AtLeast(0)),
    (&["replicas"], AtLeast(0)),
    (&["revisionHistoryLimit"], AtLeast(0)),
    (&["selector"], SELECTOR),
    (&["template", "spec"], Needs(&["containers"])),
    (&["template", "spec", "restartPolicy"], Words(&["Always"])),
];

const JOB: &[Row] = &[
    (&[], Needs(&["template"])),
    (&["activeDeadlineSeconds"], AtLeast(0)),
    (&["backoffLimit"], AtLeast(0)),
    (&["completionMode"], Words(&["NonIndexed", "Indexed"])),
    (&["completions"], AtLeast(0)),
    (&["parallelism"], AtLeast(0)),
    (&["suspend"], Truth),
    (&["template", "spec"], Needs(&["containers", "restartPolicy"])),
    (&["template", "spec", "restartPolicy"], Words(&["OnFailure", "Never"])),
    (&["ttlSecondsAfterFinished"], AtLeast(0)),
];

const CLAIM: &[Row] = &[
    (&[], Needs(&["accessModes", "resources"])),
    (&["accessModes"], Items),
    (&["accessModes", "*"], ACCESS),
    (&["resources"], Needs(&["requests"])),
    (&["resources", "requests"], Needs(&["storage"])),
    (&["resources", "requests", "storage"], Amount(above_zero)),
    (&["storageClassName"], Text(maybe_name)),
    (&["volumeMode"], VOLUME_MODES),
];

const SERVICE: &[Row] = &[
    (&[], Whole(ports_named)),
    (&["clusterIP"], Text(cluster_ip)),
    (&["externalIPs", "*"], Text(address)),
    (&["externalName"], Text(names::dns_subdomain)),
    (&["externalTrafficPolicy"], POLICIES),
    (&["internalTrafficPolicy"], POLICIES),
    (&["ipFamilies", "*"], Words(&["IPv4", "IPv6"])),
    (&["ipFamilyPolicy"], Words(&["SingleStack", "PreferDualStack", "RequireDualStack"])),
    (&["loadBalancerIP"], Text(address)),
    (&["loadBalancerSourceRanges", "*"], Text(range)),
    (
        &["ports", "*"],
        Fields(&[
            (&[], Needs(&["port"])),
            (&["appProtocol"], Text(maybe_key)),
            (&["name"], Text(names::dns_label)),
            (&["nodePort"], Between(0, 65535)),
            (&["port"], Between(1, 65535)),
            (&["protocol"], PROTOCOLS),
            (&["targetPort"], Port),
        ]),
    ),
    (&["selector"], LABELS),
    (&["sessionAffinity"], Words(&["ClientIP", "None"])),
    (&["type"], Words(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"])),
];

const PEERS: Takes = Fields(&[
    (&["*", "*", "*", "ipBlock"], Needs(&["cidr"])),
    (&["*", "*", "*", "ipBlock", "cidr"], Text(range)),
    (&["*", "*", "*", "ipBlock", "except", "*"], Text(range)),
    (&["*", "ports", "*", "port"], Port),
    (&["*", "ports", "*", "protocol"], PROTOCOLS),
]);

const SUBJECTS: Row = (
    &["subjects", "*"],
    Fields(&[(&[], Needs(&["kind", "name"])), (&[], Whole(own_namespace)), (&["kind"], Words(&["ServiceAccount", "User", "Group"]))]),
);

/// Of objects of a kind: API group, kind.
pub(super) const KINDS: &[(&str, &str, &[Row])] = &[
    ("", "ConfigMap", &[
        (&["binaryData"], Entries(names::config_key, &Hidden(base64))),
        (&["data"], Entries(names::config_key, &Text(any))),
        (&[], Whole(keys_apart)),
        (&["immutable"], Truth),
    ]),
    ("", "PersistentVolume", &[(
        &["spec"],
        Fields(&[
            (&[], Needs(&["accessModes", "capacity"])),
            (&["accessModes"], Items),
            (&["accessModes", "*"], ACCESS),
            (&["capacity", "storage"], Amount(above_zero)),
            (&["persistentVolumeReclaimPolicy"], Words(&["Retain", "Delete", "Recycle"])),
            (&["storageClassName"], Text(maybe_name)),
            (&["volumeMode"], VOLUME_MODES),
        ]),
    )]),
    ("", "PersistentVolumeClaim", &[(&["spec"], Fields(CLAIM))]),
    ("", "Pod", &[(&["spec"], Needs(&["containers"]))]),
    ("", "Secret", &[
        (&["data"], Entries(names::config_key, &Hidden(base64))),
        (&["immutable"], Truth),
        (&["stringData"], Entries(names::config_key, &Hidden(any))),
        (&["type"], Text(any)),
    ]),
    ("", "Service", &[(&["spec"], Fields(SERVICE))]),
    ("", "ServiceAccount", &[(&["automountServiceAccountToken"], Truth)]),
    ("apps", "DaemonSet", &[
        (&["spec"], Fields(LASTING)),
        (&["spec", "updateStrategy", "type"], Words(&["RollingUpdate", "OnDelete"])),
    ]),
    ("apps", "Deployment", &[
        (&["spec"], Fields(LASTING)),
        (&["spec", "paused"], Truth),
        (&["spec", "progressDeadlineSeconds"], AtLeast(1)),
        (&["spec", "strategy"], Whole(strategy)),
            (&["spec", "strategy", "type"], Words(&["RollingUpdate", "Recreate"])),
    ]),
    ("apps", "ReplicaSet", &[(&["spec"], Fields(LASTING))]),
    ("apps", "StatefulSet", &[
        (&["spec"], Fields(LASTING)),
        (&["spec", "podManagementPolicy"], Words(&["OrderedReady", "Parallel"])),
        (&["spec", "serviceName"], Text(maybe_name)),
        (&["spec", "updateStrategy", "type"], Words(&["RollingUpdate", "OnDelete"])),
        (&["spec", "volumeClaimTemplates", "*", "metadata", "name"], Text(names::dns_label)),
        (&["spec", "volumeClaimTemplates", "*", "spec"], Fields(CLAIM)),
    ]),
    ("autoscaling", "HorizontalPodAutoscaler", &[(
        &["spec"],
        Fields(&[
            (&[], Needs(&["maxReplicas", "scaleTargetRef"])),
            (&[], Whole(least_and_most)),
            (&["maxReplicas"], AtLeast(1)),
            (&["minReplicas"], AtLeast(1)),
            (&["scaleTargetRef"], Needs(&["kind", "name"])),
        ]),
    )]),
    ("batch", "CronJob", &[(
        &["spec"],
        Fields(&[
            (&[], Needs(&["schedule", "jobTemplate"])),
            (&["concurrencyPolicy"], Words(&["Allow", "Forbid", "Replace"])),
            (&["failedJobsHistoryLimit"], AtLeast(0)),
            (&["jobTemplate", "spec"], Fields(JOB)),
            (&["schedule"], Text(cron)),
            (&["startingDeadlineSeconds"], AtLeast(0)),
            (&["successfulJobsHistoryLimit"], AtLeast(0)),
            (&["suspend"], Truth),
            (&["timeZone"], Text(zone)),
        ]),
    )]),
    ("batch", "Job", &[(&["spec"], Fields(JOB))]),
    ("networking.k8s.io", "Ingress", &[
        (&["spec", "rules", "*", "http", "paths", "*"], Needs(&["backend"])),
        (
            &["spec", "rules", "*", "http", "paths", "*", "pathType"],
            Words(&["Exact", "Prefix", "ImplementationSpecific"]),
        ),
        (&["spec", "rules", "*", "host"], Text(ingress_host)),
        (&["spec", "rules", "*", "http", "paths", "*", "path"], Text(absolute)),
        (&["spec", "tls", "*", "hosts", "*"], Text(ingress_host)),
    ]),
    ("networking.k8s.io", "NetworkPolicy", &[(
        &["spec"],
        Fields(&[
            (&["egress"], PEERS),
            (&["ingress"], PEERS),
            (&["podSelector"], SELECTOR),
            (&["policyTypes", "*"], Words(&["Ingress", "Egress"])),
        ]),
    )]),
    ("policy", "PodDisruptionBudget", &[(&["spec", "selector"], SELECTOR), (&["spec"], Whole(one_bound))]),
    ("rbac.authorization.k8s.io", "ClusterRole", RULES),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding", &[
        (&[], Needs(&["roleRef"])),
        (&["roleRef"], Needs(&["kind", "name"])),
        (&["roleRef", "kind"], Words(&["ClusterRole"])),
        SUBJECTS,
    ]),
    ("rbac.authorization.k8s.io", "Role", RULES),
    ("rbac.authorization.k8s.io", "RoleBinding", &[
        (&[], Needs(&["roleRef"])),
        (&["roleRef"], Needs(&["kind", "name"])),
        (&["roleRef", "kind"], Words(&["ClusterRole", "Role"])),
        SUBJECTS,
    ]),
    ("scheduling.k8s.io", "PriorityClass", &[(&[], Needs(&["value"])), (&["value"], Between(-2_147_483_648, 1_000_000_000))]),
    ("storage.k8s.io", "StorageClass", &[
        (&[], Needs(&["provisioner"])),
        (&["parameters"], Entries(any, &Text(any))),
        (&["reclaimPolicy"], Words(&["Delete", "Retain"])),
        (&["volumeBindingMode"], Words(&["Immediate", "WaitForFirstConsumer"])),
    ]),
    ("traefik.containo.us", "IngressRoute", ROUTES),
    ("traefik.containo.us", "IngressRouteTCP", ROUTES),
    ("traefik.containo.us", "IngressRouteUDP", ROUTES),
    ("traefik.containo.us", "Middleware", MIDDLEWARE),
    ("traefik.containo.us", "MiddlewareTCP", MIDDLEWARE),
    ("traefik.io", "IngressRoute", ROUTES),
    ("traefik.io", "IngressRouteTCP", ROUTES),
    ("traefik.io", "IngressRouteUDP", ROUTES),
    ("traefik.io", "Middleware", MIDDLEWARE),
    ("traefik.io", "MiddlewareTCP", MIDDLEWARE),
];

const ROUTES: &[Row] = &[(&["spec"], Needs(&["routes"]))];
const RULES: &[Row] = &[(&["rules", "*"], Needs(&["verbs"]))];
const MIDDLEWARE: &[Row] = &[
    (&["spec", "*"], Map),
    (&["spec", "chain", "middlewares", "*"], Map),
    (&["spec", "errors", "service"], Map),
];

/// Names by kind; those of all others are DNS subdomains, but for RBAC's (`system:node`), which hold nearly anything.
const NAMES: &[(&str, &str, Rule)] = &[
    ("", "Namespace", names::dns_label),
    ("", "Service", names::service_name),
    ("batch", "CronJob", cron_name),
];

/// What its name has to be.
pub(super) fn name_of(kind: &str, group: &str) -> Option<Rule> {
    let row = NAMES.iter().find(|row| row.0 == group && row.1 == kind).map(|row| row.2);
    row.or((group != "rbac.authorization.k8s.io").then_some(names::dns_subdomain))
}
