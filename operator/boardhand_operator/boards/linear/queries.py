"""What is asked of Linear, as GraphQL. A test holds every document to Linear's own schema.

Complexity (https://linear.app/developers/rate-limiting): a field is 0.1, an object 1, a connection its entries times
`first`. A poll is about 900 of the 10,000 that one request may have.
"""

from __future__ import annotations

_PAGE = "pageInfo { hasNextPage endCursor }"
_SAID = """
fragment Said on Comment {
  id body createdAt issue { id } user { id displayName isMe } botActor { name } externalUser { id name }
}"""
_TICKET = """
fragment Ticket on Issue {
  id identifier url title description priority priorityLabel createdAt updatedAt trashed archivedAt labelIds
  state { id name }
}"""
_HAPPENED = "nodes { id createdAt fromStateId toStateId archived trashed }"
_WHO = "{ id displayName isMe }"
_TOLD = f"nodes {{ id createdAt fromStateId toStateId archived trashed fromTitle updatedDescription actor {_WHO} }}"
_IN_TEAM = "team: {key: {eq: $team}}"

POLL = f"""
query poll(
  $team: String!, $ready: String!, $others: [String!]!, $since: DateTimeOrDuration,
  $withOthers: Boolean!, $withSaid: Boolean!
) {{
  teams(filter: {{key: {{eq: $team}}}}, first: 1) {{ nodes {{ id states(first: 100) {{ nodes {{ id name }} }} }} }}
  ready: issues(first: 50, filter: {{{_IN_TEAM}, state: {{name: {{eq: $ready}}}}}}) {{
    nodes {{ ...Ticket }} {_PAGE}
  }}
  others: issues(first: 250, filter: {{{_IN_TEAM}, state: {{name: {{in: $others}}}}}}) @include(if: $withOthers) {{
    nodes {{ id trashed state {{ name }} }} {_PAGE}
  }}
  comments(first: 100, filter: {{createdAt: {{gte: $since}}, issue: {{{_IN_TEAM}}}}}) @include(if: $withSaid) {{
    nodes {{ ...Said }} {_PAGE}
  }}
}}{_TICKET}{_SAID}"""

READY = f"""
query moreOfReady($team: String!, $ready: String!, $after: String) {{
  issues(first: 50, after: $after, filter: {{{_IN_TEAM}, state: {{name: {{eq: $ready}}}}}}) {{
    nodes {{ ...Ticket }} {_PAGE}
  }}
}}{_TICKET}"""

OTHERS = f"""
query moreOfColumns($team: String!, $others: [String!]!, $after: String) {{
  issues(first: 250, after: $after, filter: {{{_IN_TEAM}, state: {{name: {{in: $others}}}}}}) {{
    nodes {{ id trashed state {{ name }} }} {_PAGE}
  }}
}}"""

SAID = f"""
query moreSaid($team: String!, $since: DateTimeOrDuration!, $after: String) {{
  comments(first: 100, after: $after, filter: {{createdAt: {{gte: $since}}, issue: {{{_IN_TEAM}}}}}) {{
    nodes {{ ...Said }} {_PAGE}
  }}
}}{_SAID}"""

DETAILS = f"""
query details($ids: [ID!]!) {{
  issues(first: 25, filter: {{id: {{in: $ids}}}}) {{
    nodes {{ id labels(first: 50) {{ nodes {{ name }} }} history(first: 50) {{ {_HAPPENED} {_PAGE} }} }}
  }}
}}"""

HISTORY = f"""
query history($id: String!, $after: String) {{
  issue(id: $id) {{ history(first: 250, after: $after) {{ {_TOLD} {_PAGE} }} }}
}}"""

READ = f"""
query read($id: String!) {{
  issue(id: $id) {{
    ...Ticket
    creator {_WHO}
    team {{ key }}
    labels(first: 50) {{ nodes {{ name }} }}
    history(first: 50) {{ {_TOLD} {_PAGE} }}
    comments(first: 100) {{ nodes {{ ...Said }} {_PAGE} }}
    children(first: 100) {{ nodes {{ createdAt title trashed state {{ type }} }} }}
    attachments(first: 50) {{ nodes {{ title url }} }}
    relations(first: 50) {{ nodes {{ relatedIssue {{ identifier title url }} }} }}
    inverseRelations(first: 50) {{ nodes {{ issue {{ identifier title url }} }} }}
  }}
}}{_TICKET}{_SAID}"""

COMMENTS = f"""
query comments($id: String!, $after: String) {{
  issue(id: $id) {{ id trashed comments(first: 100, after: $after) {{ nodes {{ ...Said }} {_PAGE} }} }}
}}{_SAID}"""

WHERE = """
query where($id: String!) {
  issue(id: $id) {
    trashed archivedAt state { name } team { id key states(first: 100) { nodes { id name } } }
  }
}"""

STATES = """
query states($team: String!, $label: String, $withLabel: Boolean!) {
  teams(filter: {key: {eq: $team}}, first: 1) {
    nodes { id archivedAt states(first: 100) { nodes { id name } } }
  }
  issueLabels(first: 1, filter: {name: {eq: $label}}) @include(if: $withLabel) { nodes { name } }
}"""

PEOPLE = f"""
query people($team: String!, $after: String) {{
  teams(filter: {{key: {{eq: $team}}}}, first: 1) {{
    nodes {{ members(first: 100, after: $after) {{ nodes {{ id displayName active guest }} {_PAGE} }} }}
  }}
}}"""

MOVE = """
mutation issueUpdate($id: String!, $input: IssueUpdateInput!) {
  issueUpdate(id: $id, input: $input) { success issue { id state { id } } }
}"""

COMMENT = """
mutation commentCreate($input: CommentCreateInput!) {
  commentCreate(input: $input) { success comment { id } }
}"""

EDIT = """
mutation commentUpdate($id: String!, $input: CommentUpdateInput!) {
  commentUpdate(id: $id, input: $input) { success }
}"""

WEBHOOKS = f"""
query webhooks($after: String) {{
  webhooks(first: 100, after: $after) {{ nodes {{ id url enabled team {{ id }} }} {_PAGE} }}
}}"""

WEBHOOK_CREATE = """
mutation webhookCreate($input: WebhookCreateInput!) {
  webhookCreate(input: $input) { success webhook { id } }
}"""

WEBHOOK_UPDATE = """
mutation webhookUpdate($id: String!, $input: WebhookUpdateInput!) {
  webhookUpdate(id: $id, input: $input) { success }
}"""
