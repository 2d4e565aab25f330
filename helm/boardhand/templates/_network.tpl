{{- /* Link-local addresses and clouds' metadata: what the operator closes to every run (specs/network.py). */ -}}
{{- define "boardhand.alwaysClosed" -}}
- 169.254.0.0/16
- fe80::/10
- 100.100.100.200/32
- 168.63.129.16/32
- 192.0.0.192/32
- fd00:ec2::254/128
- fd20:ce::254/128
- fd00:c1::a9fe:a9fe/128
- 64:ff9b::a9fe:0/112
{{- end }}

{{- define "boardhand.range" -}}
{{- if contains "/" . }}{{ . }}{{ else if contains ":" . }}{{ . }}/128{{ else }}{{ . }}/32{{ end }}
{{- end }}

{{- /*
Every address but those that are always closed, and "closed"; and every pod, for plugins by which a range means none.
*/ -}}
{{- define "boardhand.anywhere" -}}
{{- $old := list }}
{{- $new := list }}
{{- range concat (include "boardhand.alwaysClosed" . | fromYamlArray) (.closed | default list) | uniq }}
{{- $range := include "boardhand.range" . }}
{{- if contains ":" $range }}{{ $new = append $new $range }}{{ else }}{{ $old = append $old $range }}{{ end }}
{{- end }}
- ipBlock: {cidr: 0.0.0.0/0, except: {{ toJson $old }}}
- ipBlock: {cidr: "::/0", except: {{ toJson $new }}}
- namespaceSelector: {}
{{- end }}

{{- /* Rules of egress: cluster DNS, and "to" as the values say it. "closed": what is closed beside what always is. */ -}}
{{- define "boardhand.egress" -}}
{{- $closed := dict "closed" .closed }}
{{- with .at.Values.network.dns }}
- to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .namespace | quote }}}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    {{- range .addresses }}
    - ipBlock: {cidr: {{ include "boardhand.range" . | quote }}}
    {{- end }}
  # 5353 is where OpenShift's pods of cluster DNS listen.
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
    - {port: 5353, protocol: UDP}
    - {port: 5353, protocol: TCP}
{{- end }}
{{- range .to }}
- to:
    {{- if .cidr }}
    - ipBlock: {cidr: {{ .cidr | quote }}}
    {{- else if .namespace }}
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: {{ .namespace | quote }}}}
      {{- with .pods }}
      podSelector: {matchLabels: {{ toJson . }}}
      {{- end }}
    {{- else }}
    {{- include "boardhand.anywhere" $closed | nindent 4 }}
    {{- end }}
  {{- with .ports }}
  ports:
    {{- range . }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* As an entry of `to`: the port of an address such as http://collector:4318, anywhere. */ -}}
{{- define "boardhand.portOf" -}}
{{- $port := regexFind ":[0-9]+$" (urlParse .).host | trimPrefix ":" }}
{{- $port | default (hasPrefix "https:" . | ternary "443" "80") }}
{{- end }}

{{- /* What any program needs that asks the API server and goes out by the proxy; JSON, as `to`. */ -}}
{{- define "boardhand.needs" -}}
{{- $to := list }}
{{- with .Values.networkPolicy.apiServer }}
{{- $ports := .ports }}
{{- range .cidrs }}{{ $to = append $to (dict "cidr" . "ports" $ports) }}{{ end }}
{{- if not .cidrs }}{{ $to = append $to (dict "ports" $ports) }}{{ end }}
{{- end }}
{{- with .Values.outgoingProxy.url }}
{{- $to = append $to (dict "ports" (list (include "boardhand.portOf" . | int))) }}
{{- end }}
{{- toJson $to }}
{{- end }}
