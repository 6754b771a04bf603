"""Traffic policy as an Nginx configuration, for clients without a mesh. What Nginx cannot say is a finding.

Reference: https://nginx.org/en/docs/. Only modules of the open-source Nginx are used.
"""
