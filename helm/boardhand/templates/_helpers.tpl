{{- define "boardhand.labels" -}}
app.kubernetes.io/name: boardhand
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "boardhand.selector" -}}
app.kubernetes.io/name: boardhand
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "boardhand.sealing" -}}
{{- .Values.sealing.secret | default (printf "%s-sealing" .Release.Name) }}
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
