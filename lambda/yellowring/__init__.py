"""Yellow Ring: the backend that lets an Alexa skill notify its customers.

``yellowring.skill`` takes what Alexa sends, ``yellowring.sender`` sends what Alexa delivers;
both stand on ``subscribers``, ``alexa``, ``catalog``, ``settings`` and ``observability``.
"""
