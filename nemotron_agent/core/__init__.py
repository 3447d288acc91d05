"""How the agent thinks: messages, tools, the loop. Knows neither ROS nor a model runtime."""
