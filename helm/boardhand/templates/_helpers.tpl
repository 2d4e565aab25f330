{{- /*
Names, labels and places of what the chart makes, of (dict "at" $ "component" NAME). What a selector has does not change with
values: a Deployment that is there keeps it.
*/ -}}
{{- define "boardhand.selector" -}}
app.kubernetes.io/name: boardhand
app.kubernetes.io/instance: {{ .at.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "boardhand.labels" -}}
{{ include "boardhand.selector" . }}
app.kubernetes.io/version: {{ .at.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .at.Release.Service }}
{{- with .at.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /*
An object's metadata but for its name: also with "labels" and "annotations" of its own, with "namespace" where it is not the
release's, and with "cluster" true where it is in none.
*/ -}}
{{- define "boardhand.meta" -}}
{{- if not .cluster -}}
namespace: {{ .namespace | default .at.Release.Namespace | quote }}
{{ end -}}
labels: {{- merge (dict) (.labels | default (dict)) (include "boardhand.labels" . | fromYaml) | toYaml | nindent 2 }}
{{- with merge (dict) (.annotations | default (dict)) .at.Values.commonAnnotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- /*
Where pods go: "own" is what the component's `pod` says, and comes before what is said for all. With "apart", pods shun a
node that has one, unless an affinity is given.
*/ -}}
{{- define "boardhand.scheduling" -}}
{{- $same := dict "matchLabels" (include "boardhand.selector" . | fromYaml) }}
{{- $all := .at.Values }}
{{- $own := .own }}
{{- $found := dict }}
{{- range $name := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with get $own $name | default (get $all $name) }}{{ $_ := set $found $name . }}{{ end }}
{{- end }}
{{- if and .apart (not $found.affinity) }}
{{- $term := dict "topologyKey" "kubernetes.io/hostname" "labelSelector" $same }}
{{- $preferred := list (dict "weight" 100 "podAffinityTerm" $term) }}
{{- $shun := dict "preferredDuringSchedulingIgnoredDuringExecution" $preferred }}
{{- $_ := set $found "affinity" (dict "podAntiAffinity" $shun) }}
{{- end }}
{{- range $own.topologySpreadConstraints }}
{{- $spread := hasKey . "labelSelector" | ternary . (set (deepCopy .) "labelSelector" $same) }}
{{- $_ := set $found "topologySpreadConstraints" (append ($found.topologySpreadConstraints | default list) $spread) }}
{{- end }}
{{- with $found }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "boardhand.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- /* By which proxy programs reach what is outside; never the API server, nor what is called by its whole name in the cluster. */ -}}
{{- define "boardhand.outgoing" -}}
{{- with .Values.outgoingProxy }}
{{- if .url }}
- {name: HTTPS_PROXY, value: {{ .url | quote }}}
- {name: HTTP_PROXY, value: {{ .url | quote }}}
- name: NO_PROXY
  value: {{ concat (list "$(KUBERNETES_SERVICE_HOST)" "127.0.0.1" "localhost" ".svc" ".svc.cluster.local") .exempt | join "," | quote }}
{{- end }}
{{- end }}
{{- end }}

{{- /* What is in no namespace bears the release's, so that two releases of one name can be in one cluster. */ -}}
{{- define "boardhand.global" -}}
{{- printf "%s-%s" .Release.Namespace .Release.Name }}
{{- end }}

{{- define "boardhand.sealing" -}}
{{- .Values.sealing.secret | default (printf "%s-sealing" .Release.Name) }}
{{- end }}

{{- define "boardhand.egressKey" -}}
{{- .Values.egressProxy.keySecret | default (printf "%s-egress" .Release.Name) }}
{{- end }}

{{- define "boardhand.everywhere" -}}
{{- if has "*" .Values.watchNamespaces }}yes{{ end }}
{{- end }}

{{- define "boardhand.namespaces" -}}
{{- if not (include "boardhand.everywhere" .) }}
{{- join "," (.Values.watchNamespaces | default (list .Release.Namespace)) }}
{{- end }}
{{- end }}

{{- /* Where no run may go: as said, and the API server's and the nodes' addresses as they are now. */ -}}
{{- define "boardhand.closed" -}}
{{- $closed := .Values.network.closed }}
{{- if .Values.network.lookup }}
{{- range (lookup "discovery.k8s.io/v1" "EndpointSlice" "default" "kubernetes").endpoints }}
{{- $closed = concat $closed .addresses }}
{{- end }}
{{- range (lookup "v1" "Node" "" "").items }}
{{- range .status.addresses }}
{{- if hasSuffix "IP" .type }}{{ $closed = append $closed .address }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- join "," ($closed | uniq) }}
{{- end }}

{{- /* Where nothing is said: asking the nodes is a right over the whole cluster, which only a release for all has. */ -}}
{{- define "boardhand.userNamespaces" -}}
{{- .Values.userNamespaces | default (ternary "Auto" "Never" (eq (include "boardhand.everywhere" .) "yes")) }}
{{- end }}

{{- define "boardhand.rules" -}}
- apiGroups: [boardhand.dev]
  resources: [ticketruns]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [boardhand.dev]
  resources: [codingagents]
  verbs: [get, list, watch, patch]
- apiGroups: [boardhand.dev]
  resources: [ticketruns/status, codingagents/status]
  verbs: [patch]
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [controllerrevisions]
  verbs: [get, create]
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [get, create, patch]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
- apiGroups: [""]
  resources: [persistentvolumeclaims]
  verbs: [get, create, delete]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, create, patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end }}
