{{- /* Where the history is; no password is in an environment. */ -}}
{{- define "boardhand.dashboard.database" -}}
{{- with .Values.dashboard.history }}
{{- if and .enabled .databaseSecret }}
- {name: BOARDHAND_HISTORY_URL_FILE, value: /etc/boardhand/history/url}
{{- else if .enabled }}
- {name: BOARDHAND_HISTORY_URL, value: "sqlite+aiosqlite:////var/lib/boardhand/history.db"}
{{- end }}
{{- end }}
{{- end }}

{{- define "boardhand.dashboard.mounts" -}}
{{- with .Values.dashboard.history }}
{{- if and .enabled .databaseSecret }}
- {name: history, mountPath: /etc/boardhand/history, readOnly: true}
{{- else if .enabled }}
- {name: history, mountPath: /var/lib/boardhand}
{{- end }}
{{- end }}
{{- end }}

{{- define "boardhand.dashboard.recorder" -}}
- apiGroups: [boardhand.dev]
  resources: [ticketruns]
  verbs: [get, list, watch]
- apiGroups: [boardhand.dev]
  resources: [codingagents] # of which type a run's board is
  verbs: [get]
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
