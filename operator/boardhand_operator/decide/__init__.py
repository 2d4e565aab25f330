"""The operator's judgement, pure: from what is known of a run (`facts`) to what is to be done (`actions`).

deciding -> beginning (its turn, its place, its money), ending (what came of a try), delivery (whom to tell, once each)
         -> observe (what Job and pod say), outcome (what that comes to), lost_pod (where the pod is gone)
"""
