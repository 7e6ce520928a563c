{{/* What every pod of the chart is: nobody, without privileges, on a root that nobody writes. */}}

{{- define "sts-gateway.podSecurity" -}}
runAsNonRoot: true
{{- if not .Values.openshift }}
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
{{- end }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "sts-gateway.containerSecurity" -}}
runAsNonRoot: true
{{- if not .Values.openshift }}
runAsUser: 10001
runAsGroup: 10001
{{- end }}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
privileged: false
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "sts-gateway.container" -}}
{{- /* (root, name) */ -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
image: {{ include "sts-gateway.image" $root | quote }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
securityContext:
  {{- include "sts-gateway.containerSecurity" $root | nindent 2 }}
{{- end -}}

{{- define "sts-gateway.pod" -}}
{{- /* (root, service account, whether its token is mounted) */ -}}
{{- $root := index . 0 -}}
serviceAccountName: {{ index . 1 }}
automountServiceAccountToken: {{ index . 2 }}
enableServiceLinks: false
securityContext:
  {{- include "sts-gateway.podSecurity" $root | nindent 2 }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "sts-gateway.placement" -}}
{{- /* (root, component, values of the component) */ -}}
{{- $root := index . 0 -}}
topologySpreadConstraints:
  {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "sts-gateway.selector" $ | nindent 8 }}
    # So that a new version's pods are spread by themselves, not against those that are about to go.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- $values := index . 2 }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "sts-gateway.probe" -}}
{{- /* (path, port, scheme, seconds between two, how many may fail) */ -}}
httpGet:
  path: {{ index . 0 }}
  port: {{ index . 1 }}
  scheme: {{ index . 2 }}
periodSeconds: {{ index . 3 }}
timeoutSeconds: 3
failureThreshold: {{ index . 4 }}
{{- end -}}
