"""The operator's judgement, pure: from what is known of a run (`deciding.Facts`) to what is to be done (`actions`).

deciding -> observe (what Job and pod say), outcome (what came of a try), lost_pod (where the pod is gone),
            delivery (whom to tell, once each)
"""
