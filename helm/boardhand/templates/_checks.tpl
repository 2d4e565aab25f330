{{- /*
What no schema can say: values that would be ignored, or taken by the API server only for it to refuse them. Fails with what to
change; called once.
*/ -}}
{{- define "boardhand.checked" -}}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" .Release.Name) }}
{{- fail (printf "release %q: Services are named by it, so begin it with a letter, and have no dot in it" .Release.Name) }}
{{- end }}
{{- with .Values.metrics }}
{{- if and (not .enabled) (or .serviceMonitor.enabled .rules.enabled) }}
{{- fail "metrics.serviceMonitor.enabled, metrics.rules.enabled: nothing serves what they ask for; set metrics.enabled: true" }}
{{- end }}
{{- if and .tokenSecret (ne .access "Token") }}
{{- fail (printf "metrics.tokenSecret: nobody is asked for the token with metrics.access %s; set metrics.access: Token" .access) }}
{{- end }}
{{- end }}
{{- with .Values.operator.webhooks }}
{{- if and .ingress.enabled (not .enabled) }}
{{- fail "operator.webhooks.ingress.enabled: nobody listens behind it; set operator.webhooks.enabled: true" }}
{{- end }}
{{- end }}
{{- with .Values.dashboard }}
{{- if and .ingress.enabled (not .enabled) }}
{{- fail "dashboard.ingress.enabled: nobody listens behind it; set dashboard.enabled: true" }}
{{- end }}
{{- end }}
{{- range $at, $its := dict "operator.webhooks" .Values.operator.webhooks "dashboard" .Values.dashboard }}
{{- if and $its.service.nodePort (eq $its.service.type "ClusterIP") }}
{{- fail (printf "%s.service.nodePort: a Service of type ClusterIP has none; set %s.service.type: NodePort" $at $at) }}
{{- end }}
{{- end }}
{{- $taken := dict "8080" "the probes" }}
{{- $ports := list }}
{{- if .Values.operator.webhooks.enabled }}{{ $ports = append $ports (list "operator.webhooks.port" .Values.operator.webhooks.port) }}{{ end }}
{{- if .Values.metrics.enabled }}{{ $ports = append $ports (list "metrics.port" .Values.metrics.port) }}{{ end }}
{{- range $one := $ports }}
{{- $port := last . | int | toString }}
{{- with get $taken $port }}
{{- fail (printf "%s: the operator's pod has %s at %s; give another" (first $one) . $port) }}
{{- end }}
{{- $_ := set $taken $port (first .) }}
{{- end }}
{{- if and .Values.dashboard.enabled .Values.dashboard.history.enabled (eq (int .Values.dashboard.port) 8080) }}
{{- fail "dashboard.port: the dashboard's pod has the recorder's probes at 8080; give another" }}
{{- end }}
{{- if and .Values.admission.enabled (not (semverCompare ">=1.30.0-0" .Capabilities.KubeVersion.Version)) }}
{{- fail (printf "admission.enabled: Kubernetes %s has no ValidatingAdmissionPolicy, which came with 1.30; set it to false" .Capabilities.KubeVersion.Version) }}
{{- end }}
{{- end }}
