"""The Video Agent: `heygen.video_agents`, its sessions and its chat."""
