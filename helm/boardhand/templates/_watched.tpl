{{- /* What the operator's pod has for metrics and traces; nothing where they are not asked for. */ -}}
{{- define "boardhand.watched.env" -}}
{{- with .Values.metrics }}
{{- if .enabled }}
- {name: BOARDHAND_METRICS, value: ":{{ .port }}"}
{{- if .tlsSecret }}
- {name: BOARDHAND_METRICS_TLS, value: /etc/boardhand/metrics-tls}
{{- end }}
{{- if eq .access "Token" }}
- {name: BOARDHAND_METRICS_TOKEN, value: /etc/boardhand/metrics-token/token}
{{- else if eq .access "Review" }}
- {name: BOARDHAND_METRICS_REVIEW, value: "true"}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.traces }}
{{- if .endpoint }}
- {name: BOARDHAND_OTLP_ENDPOINT, value: {{ .endpoint | quote }}}
- {name: BOARDHAND_OTLP_CONTENTS, value: {{ .contents | quote }}}
{{- if .headersSecret }}
- {name: BOARDHAND_OTLP_HEADERS, value: /etc/boardhand/traces/headers}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Of (list ADDRESS NAME): where people find what to do about an alert. */ -}}
{{- define "boardhand.runbook" -}}
{{- if first . }}runbook_url: {{ first . }}/{{ last . }}.md{{ else }}runbook: docs/runbooks/{{ last . }}.md{{ end }}
{{- end }}

{{- define "boardhand.watched.secrets" -}}
{{- $found := list }}
{{- with .Values.metrics }}
{{- if and .enabled .tlsSecret }}
{{- $found = append $found (dict "name" "metrics-tls" "secret" .tlsSecret "keys" (list "tls.crt" "tls.key")) }}
{{- end }}
{{- if and .enabled (eq .access "Token") }}
{{- $text := "metrics.tokenSecret: with metrics.access Token, name the Secret whose key `token` has it" }}
{{- $found = append $found (dict "name" "metrics-token" "secret" (required $text .tokenSecret) "keys" (list "token")) }}
{{- end }}
{{- end }}
{{- with .Values.traces }}
{{- if and .endpoint .headersSecret }}
{{- $found = append $found (dict "name" "traces" "secret" .headersSecret "keys" (list "headers")) }}
{{- end }}
{{- end }}
{{- toYaml $found }}
{{- end }}

{{- define "boardhand.watched.mounts" -}}
{{- range include "boardhand.watched.secrets" . | fromYamlArray }}
- {name: {{ .name | quote }}, mountPath: /etc/boardhand/{{ .name }}, readOnly: true}
{{- end }}
{{- end }}

{{- define "boardhand.watched.volumes" -}}
{{- range include "boardhand.watched.secrets" . | fromYamlArray }}
- name: {{ .name | quote }}
  secret:
    secretName: {{ .secret | quote }}
    items:
      {{- range .keys }}
      - {key: {{ . }}, path: {{ . }}}
      {{- end }}
    defaultMode: 0440
{{- end }}
{{- end }}
