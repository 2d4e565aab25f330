"""What is asked of GitHub's GraphQL API about a project. A test holds every document to GitHub's own schema.

Source: https://docs.github.com/en/graphql/reference/objects#projectv2
"""

from __future__ import annotations

from dataclasses import dataclass

FEATURES = """query Features {
  event: __type(name: "ProjectV2ItemStatusChangedEvent") { name }
  project: __type(name: "ProjectV2") { fields { name args { name } } }
}"""
"""What not every GitHub Enterprise Server has yet."""

_WHO = "{ __typename login ... on User { databaseId } ... on Bot { databaseId } }"
_COMMENT = f"""fragment Comment on IssueComment {{
  id body createdAt viewerDidAuthor
  author {_WHO}
}}"""
_STATUS = """fragment Status on ProjectV2 {
  status: field(name: "Status") { ... on ProjectV2SingleSelectField { id options { id name } } }
}"""
_PLACE = """fragment Place on ProjectV2Item {
  id isArchived
  status: fieldValueByName(name: "Status") { ... on ProjectV2ItemFieldSingleSelectValue { name updatedAt } }
  priority: fieldValueByName(name: "Priority") { ... on ProjectV2ItemFieldSingleSelectValue { name } }
}"""
_ITEMS = """fragment Items on Issue {
  projectItems(first: 50, includeArchived: false) {
    nodes {
      ...Place
      project { ...Status id number owner { ... on Organization { login } ... on User { login } } }
    }
  }
}"""
_DETAILS = """fragment Details on Issue {
  id number title body url state updatedAt
  author %who%
  repository { nameWithOwner }
  labels(first: 100) { nodes { name } }
  entered: timelineItems(last: 50, itemTypes: [%types% REOPENED_EVENT]) {
    nodes {
      __typename
      ... on ReopenedEvent { id createdAt actor %who% }
      %event%
    }
  }
}"""
_EVENT = "... on ProjectV2ItemStatusChangedEvent { id createdAt status project { id } actor %who% }"


@dataclass(frozen=True)
class Queries:
    """The documents, as this GitHub takes them."""

    organisation: bool
    """Whether the project is an organisation's; else a user's."""
    events: bool
    """Whether changes of a status are in timelines."""
    filters: bool
    """Whether a project's items can be filtered."""

    @property
    def check(self) -> str:
        """The project as the credentials are shown it."""
        return self._of_owner(
            "query Check($owner: String!, $number: Int!)", "...Status id closed viewerCanUpdate", _STATUS
        )

    @property
    def look(self) -> str:
        """A page of its items; with the columns there are."""
        variables, argument = (", $filter: String", ", query: $filter") if self.filters else ("", "")
        items = f"""...Status id
      items(first: 100, after: $after{argument}) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ ...Place content {{ __typename ... on Issue {{ id state updatedAt }} }} }}
      }}"""
        head = f"query Look($owner: String!, $number: Int!, $after: String{variables})"
        return self._of_owner(head, items, _STATUS, _PLACE)

    @property
    def details(self) -> str:
        """Issues with what put them where they are."""
        return _joined("query Details($ids: [ID!]!) { nodes(ids: $ids) { ...Details } }", self._details)

    @property
    def read(self) -> str:
        """An issue with the first of its comments and where it is."""
        ask = """query Read($id: ID!) {
  node(id: $id) {
    ... on Issue {
      ...Details
      ...Items
      lastEditedAt
      editor %who%
      renamed: timelineItems(last: 50, itemTypes: [RENAMED_TITLE_EVENT]) {
        nodes { ... on RenamedTitleEvent { createdAt actor %who% } }
      }
      mentioned: timelineItems(last: 50, itemTypes: [CROSS_REFERENCED_EVENT]) {
        nodes { ... on CrossReferencedEvent { source { ... on Issue { title url author %who% } } } }
      }
      comments(first: 100) { pageInfo { hasNextPage endCursor } nodes { ...Comment } }
    }
  }
}"""
        return _joined(ask.replace("%who%", _WHO), self._details, _ITEMS, _PLACE, _STATUS, _COMMENT)

    @property
    def place(self) -> str:
        """Where an issue is."""
        ask = "query Place($id: ID!) { node(id: $id) { ... on Issue { id state ...Items } } }"
        return _joined(ask, _ITEMS, _PLACE, _STATUS)

    @property
    def people(self) -> str:
        """Who works there: the organisation's members, or the user."""
        if not self.organisation:
            return "query People($owner: String!) { user(login: $owner) { login databaseId } }"
        return """query People($owner: String!, $after: String) {
  organization(login: $owner) {
    membersWithRole(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { login databaseId }
    }
  }
}"""

    @property
    def _details(self) -> str:
        events, event = ("PROJECT_V2_ITEM_STATUS_CHANGED_EVENT,", _EVENT) if self.events else ("", "")
        return _DETAILS.replace("%types%", events).replace("%event%", event).replace("%who%", _WHO)

    def _of_owner(self, head: str, fields: str, *fragments: str) -> str:
        kind = "organization" if self.organisation else "user"
        ask = f"{head} {{\n  owner: {kind}(login: $owner) {{\n    projectV2(number: $number) {{ {fields} }}\n  }}\n}}"
        return _joined(ask, *fragments)


def _joined(*parts: str) -> str:
    return "\n".join(parts)


COMMENTS = _joined(
    """query Comments($id: ID!, $after: String) {
  node(id: $id) {
    ... on Issue { comments(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Comment } } }
  }
}""",
    _COMMENT,
)
SAID = _joined(
    """query Said($search: String!, $after: String) {
  search(query: $search, type: ISSUE, first: 10, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { ... on Issue { id comments(last: 30) { nodes { ...Comment } } } }
  }
}""",
    _COMMENT,
)
"""Issues that the search finds, with the newest of their comments."""
EDITED = f"""query Edited($id: ID!) {{
  node(id: $id) {{ ... on Issue {{ lastEditedAt editor {_WHO} }} }}
}}"""
"""Who changed an issue's description last."""
COMMENT = """mutation AddComment($id: ID!, $body: String!) {
  addComment(input: {subjectId: $id, body: $body}) { commentEdge { node { id } } }
}"""
EDIT = """mutation EditComment($id: ID!, $body: String!) {
  updateIssueComment(input: {id: $id, body: $body}) { issueComment { id } }
}"""
MOVE = """mutation Move($project: ID!, $item: ID!, $field: ID!, $option: String!) {
  updateProjectV2ItemFieldValue(
    input: {projectId: $project, itemId: $item, fieldId: $field, value: {singleSelectOptionId: $option}}
  ) { projectV2Item { id } }
}"""
